"""Check whether a post may have some uploads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.media.attachments import (
    LOST,
    UploadState,
    check_together,
    refused_attachments,
)
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kwip.domain.ids import AttachmentId, PostId, UserId
    from kwip.domain.media.attachments import Attachment, Upload
    from kwip.store.accounts.users import UserStore


@dataclass(frozen=True, slots=True)
class Descriptions:
    """Whether files need a description: the site's rule, or their owner's own."""

    users: UserStore
    is_site_rule: bool

    def require(self, owner_id: UserId, media: Sequence[Attachment]) -> None:
        """Check that each file has a description, if that is a rule.

        One query if any has none.

        Raises:
            InvalidError: One has none; the message says which.
        """
        lacking = [n for n, each in enumerate(media, 1) if not each.description]
        if not lacking:
            return
        owner = self.users.get_many([owner_id]).get(owner_id)
        is_own_rule = owner is not None and owner.requires_descriptions
        if not (is_own_rule or self.is_site_rule):
            return
        why = (
            lazy_gettext("This site requires one.")
            if self.is_site_rule
            else lazy_gettext("Your settings require one.")
        )
        if len(media) > 1:
            says = lazy_gettext(
                "Add a description to file %(number)s. %(why)s",
                number=lacking[0],
                why=why,
            )
        else:
            says = lazy_gettext("Add a description. %(why)s", why=why)
        raise refused_attachments(says)


def usable(
    uploads: Mapping[AttachmentId, Upload],
    ids: Iterable[AttachmentId],
    post_id: PostId,
) -> tuple[Attachment, ...]:
    """Return uploads for a post, in the order of `ids`, each once.

    Raises:
        InvalidError: One is not there, not ready, or in another kwip; or they cannot be
            together.
    """
    wanted = list(dict.fromkeys(ids))
    known = [uploads[each] for each in wanted if each in uploads]
    if len(known) < len(wanted) or any(u.post_id not in {None, post_id} for u in known):
        raise refused_attachments(LOST)
    require_ready(known)
    together = tuple(upload.attachment for upload in known)
    check_together(together)
    return together


def require_ready(uploads: Iterable[Upload]) -> None:
    """Check that files can be attached already.

    Raises:
        InvalidError: One is still being converted, or could not be.
    """
    for upload in uploads:
        if upload.state is UploadState.PROCESSING:
            raise refused_attachments(
                lazy_gettext(
                    "Your file is still being processed. Send this again in a moment."
                )
            )
        if upload.state is UploadState.FAILED:
            raise refused_attachments(
                lazy_gettext(
                    "%(problem)s Remove it to post without it.",
                    problem=lazy_gettext(upload.problem),
                )
            )
