"""The attachments of a form: taken in before its text is read.

So what was uploaded is kept if something else in the form is wrong: it comes back with
the form, as uploads that are in no kwip yet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from flask import request

from kwip.blueprints import http, rate_limits
from kwip.domain.errors import (
    ConflictError,
    InvalidError,
    KwipError,
    NotFoundError,
    RateLimitedError,
)
from kwip.domain.media.attachments import MAX_IMAGES, AttachmentChange
from kwip.schemas.posting.attaching import AttachForm, Attaching
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import IO

    from kwip.domain.ids import AttachmentId
    from kwip.domain.media.attachments import Attachment
    from kwip.domain.posting.posts import Post


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """What a form has attached, in order; `error` is what could not be taken in.

    `changes` are new words about what its kwip has already.
    """

    media: tuple[Attachment, ...] = ()
    changes: Mapping[AttachmentId, AttachmentChange]
    error: KwipError | None = None

    @property
    def ids(self) -> tuple[AttachmentId, ...]:
        """The ids of all, in order."""
        return tuple(each.id for each in self.media)


def take(post: Post | None = None) -> Attached:
    """Take in what the form attaches, to a new kwip or to one that is edited."""
    try:
        asked = http.load_form(AttachForm())
    except InvalidError as error:
        return Attached(changes={}, error=error)
    _remove(asked, post)
    kept = tuple(_kept(asked, post))
    added, wrong = _upload(asked)
    changes = _changes(asked, post)
    return Attached(media=(*kept, *added), changes=changes, error=wrong)


def _remove(asked: Attaching, post: Post | None) -> None:
    for each in asked.removed:
        if post is None or each not in post.media_ids:
            try:
                http.services().attachments.delete(http.signed_in(), each)
            except (NotFoundError, ConflictError):
                continue  # it is gone, or in a kwip that another form made


def _kept(asked: Attaching, post: Post | None) -> Iterator[Attachment]:
    """Iterate over what is still there, with the new words about it."""
    of_post = {each.id: each for each in post.media} if post else {}
    services, viewer = http.services().attachments, http.signed_in()
    waiting = [each for each in asked.ids if each not in of_post]
    found = services.find(viewer.id, waiting)
    for each in asked.ids:
        if each in of_post:
            old = of_post[each]
            now = asked.descriptions.get(each, old.description)
            yield replace(old, description=now)
        elif each in found and found[each].post_id is None:
            words = asked.descriptions.get(each)
            upload = found[each]
            is_new = words not in {None, upload.attachment.description}
            if is_new or asked.focuses.get(each):
                upload = services.change(viewer, each, _change(asked, each))
            yield upload.attachment


def _changes(
    asked: Attaching, post: Post | None
) -> dict[AttachmentId, AttachmentChange]:
    of_post = post.media_ids if post else frozenset()
    about = {*asked.descriptions, *asked.focuses} & of_post
    return {each: _change(asked, each) for each in about}


def _change(asked: Attaching, attachment_id: AttachmentId) -> AttachmentChange:
    return AttachmentChange(
        description=asked.descriptions.get(attachment_id),
        focus=asked.focuses.get(attachment_id),
    )


def _upload(asked: Attaching) -> tuple[list[Attachment], KwipError | None]:
    """Upload the files, up to what a kwip may have; the last error is told.

    Refused files count, too: decoding them is what costs.
    """
    taken: list[Attachment] = []
    wrong: KwipError | None = None
    for place, (name, file) in enumerate(_files()):
        if len(asked.ids) + place >= MAX_IMAGES:
            why = gettext(
                "A kwip can have up to %(number)s pictures. The others were left out.",
                number=MAX_IMAGES,
            )
            return taken, InvalidError(why, {"file": why})
        words = asked.file_descriptions[place : place + 1]
        change = AttachmentChange(description=words[0] if words else "")
        try:
            rate_limits.pay_file()
            upload = http.services().attachments.upload(http.signed_in(), file, change)
        except InvalidError as error:
            why = next(iter(error.fields.values()), error.message)
            wrong = InvalidError(error.message, {"file": f"{name}: {why}"})
        except RateLimitedError as error:  # the form comes back with what was taken
            return taken, InvalidError(error.message, {"file": error.message})
        except KwipError as error:
            return taken, error
        else:
            taken.append(upload.attachment)
    return taken, wrong


def _files() -> Iterator[tuple[str, IO[bytes]]]:
    """Iterate over the names and the files of the field, without an empty one."""
    for sent in request.files.getlist("file"):
        if sent.filename:
            yield sent.filename, sent.stream
