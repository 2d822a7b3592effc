"""Attachments: take uploads in, describe, attach and remove them.

What a post shows is in its own document; this keeps the uploads behind that, and their
files. Files of open posts are at addresses that never change. Everything else is
private, and reached by addresses that are signed for a while.
"""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
    StorageFullError,
    StoreUnavailableError,
)
from kwip.domain.ids import AttachmentId, UserId, slot_of
from kwip.domain.media.attachments import (
    DESCRIPTION_MAX,
    Attachment,
    AttachmentFile,
    AttachmentKind,
    Upload,
    UploadState,
    check_together,
    file_name,
)
from kwip.domain.messages import lazy_gettext
from kwip.services.media.processing import (
    converted,
    kind_of,
    require_size,
    unconverted,
)
from kwip.services.media.usable import usable
from kwip.text.cleaning import clean_description

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator
    from kwip.domain.media.attachments import AttachmentChange
    from kwip.domain.media.media import OpenFile
    from kwip.domain.posting.posts import Edit, Post
    from kwip.domain.signed_addresses import Signer
    from kwip.services.media.converting.pictures import Pictures
    from kwip.services.media.processing import Processing
    from kwip.services.media.stored.attachment_files import AttachmentFiles
    from kwip.services.media.stored.withholding import Withholding
    from kwip.services.media.usable import Descriptions
    from kwip.store.posting.drafts import DraftStore
    from kwip.store.posting.media.attachments import AttachmentStore

log = structlog.get_logger()

#: A job that the sweeper enqueued finds what is due within so long: it has just set the
#: time of the next attempt.
_SOON_MS = 60_000
_BATCH = 100
_MEGA = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachments:
    """Everything one can do with attachments; `quota_bytes` are each user's."""

    store: AttachmentStore
    drafts: DraftStore
    files: AttachmentFiles
    pictures: Pictures
    processing: Processing
    withholding: Withholding
    signer: Signer
    ids: IdGenerator
    clock: ClockMs
    descriptions: Descriptions
    quota_bytes: int

    def upload(
        self, viewer: Viewer, file: IO[bytes], change: AttachmentChange
    ) -> Upload:
        """Take in a file; it waits for its post for a day.

        A video or sound is `processing` at first.

        Raises:
            InvalidError: The file or its description cannot be used, or the viewer's
                quota is used up; `fields` says which, under `file` or `description`.
            StorageFullError: There is no space left.
            StoreUnavailableError: Too many files are being processed, or the files
                or the database cannot be reached.
        """
        described = _cleaned(change)
        kind = kind_of(file)
        if kind is not None:
            return self._accept_unconverted(viewer, file, kind, described)
        self._require_room(viewer.id, 1)  # before anything is decoded
        prepared = self.pictures.attach(file)
        files = {name: io.BytesIO(part) for name, part in prepared.files.items()}
        size = sum(len(content) for content in prepared.files.values())
        self._require_room(viewer.id, size)
        name = file_name(files, self.signer.file_key)
        blank = unconverted(self._new_id(viewer), AttachmentKind.IMAGE)
        upload = Upload(
            attachment=_changed(converted(blank, name, prepared), described),
            owner_id=viewer.id,
            state=UploadState.READY,
            post_id=None,
            is_open=False,
            size_bytes=size,
        )
        self.files.save(name, files)
        self.store.insert(upload, at(self.clock()))
        # Once more: see `AttachmentFiles.place`.
        self.files.save(name, files)
        return upload

    def _accept_unconverted(
        self,
        viewer: Viewer,
        file: IO[bytes],
        kind: AttachmentKind,
        words: AttachmentChange,
    ) -> Upload:
        size = file.seek(0, os.SEEK_END)
        require_size(size)
        self._require_room(viewer.id, size)
        attachment = _changed(unconverted(self._new_id(viewer), kind), words)
        return self.processing.accept(viewer.id, attachment, file, size)

    def _new_id(self, viewer: Viewer) -> AttachmentId:
        return AttachmentId(self.ids.next_id(slot_of(viewer.id)))

    def get(self, viewer: Viewer, attachment_id: AttachmentId) -> Upload:
        """Find one of the viewer's own uploads; one query.

        Raises:
            NotFoundError: There is none.
        """
        found = self.store.of_owner(viewer.id, [attachment_id]).get(attachment_id)
        if found is None:
            raise _not_found(attachment_id)
        return found

    def change(
        self, viewer: Viewer, attachment_id: AttachmentId, change: AttachmentChange
    ) -> Upload:
        """Change the words about an unattached upload.

        Raises:
            InvalidError: The description is too long.
            NotFoundError: There is none, or it is in a kwip.
        """
        found = self.get(viewer, attachment_id)
        new = _changed(found.attachment, _cleaned(change))
        if not self.store.describe(viewer.id, new):
            raise _not_found(attachment_id)
        return replace(found, attachment=new)

    def delete(self, viewer: Viewer, attachment_id: AttachmentId) -> None:
        """Remove an unattached upload and its files.

        Raises:
            NotFoundError: There is none.
            ConflictError: It is in a kwip.
        """
        found = self.get(viewer, attachment_id)
        now = at(self.clock())
        if found.post_id or not self.store.discard(viewer.id, attachment_id, now):
            raise ConflictError(
                lazy_gettext("This file is in a kwip. Edit the kwip to remove it."),
                attachment_id=attachment_id,
            )
        self.release(viewer.id, [attachment_id])

    def find(
        self, owner_id: UserId, ids: Sequence[AttachmentId]
    ) -> dict[AttachmentId, Upload]:
        """Return which of these uploads a user has, in that order.

        One query, or none if there are no ids.
        """
        found = self.store.of_owner(owner_id, ids) if ids else {}
        return {each: found[each] for each in ids if each in found}

    def edited(self, post: Post, edit: Edit) -> tuple[Attachment, ...]:
        """Return what a post has attached after an edit.

        Raises:
            InvalidError: As in `usable`, or a description is too long.
        """
        known = {each.id: each for each in post.media}
        if edit.attachment_ids is None:
            wanted = list(known)
        else:
            wanted = list(dict.fromkeys(edit.attachment_ids))
        new_ids = [each for each in wanted if each not in known]
        new = usable(self.find(post.author_id, new_ids), new_ids, post.id)
        known |= {each.id: each for each in new}
        changes = edit.attachment_changes
        media = tuple(
            _changed(known[each], _cleaned(changes[each]))
            if each in changes
            else known[each]
            for each in wanted
        )
        check_together(media)
        self.descriptions.require(post.author_id, media)
        return media

    @contextmanager
    def placed(self, attachments: Sequence[Attachment], post: Post) -> Iterator[None]:
        """Put files where a post needs them, while it is being stored."""
        is_open = post.visibility.is_open
        if not attachments:
            yield
            return
        self.files.place(attachments, is_open=is_open)
        try:
            yield
        except (InvalidError, ConflictError):
            self.files.drop(attachments, is_open=is_open)
            raise
        with _later("files_placed_later", attachments):
            self.files.place(attachments, is_open=is_open)
            self.files.drop(attachments, is_open=not is_open)
            self.withholding.catch_up(post.author_id)

    def release(self, owner_id: UserId, ids: Sequence[AttachmentId]) -> None:
        """Do what is due after an act that is stored; the sweeper does what fails."""
        with _later("files_removed_later", ids):
            self.settle(owner_id, ids)

    def settle(self, owner_id: UserId, ids: Sequence[AttachmentId]) -> bool:
        """Do what is due with uploads that have no post; return whether anything was.

        Files of a removed one are deleted. One that was kept for another post becomes
        private, and waits for a day. One that has waited and is in no draft is removed.
        """
        soon = at(self.clock() + _SOON_MS)
        due = self.store.unsettled(owner_id, ids, soon) if ids else []
        held = self.drafts.holds(owner_id, [u.id for u in due]) if due else set()
        for upload in due:
            if upload.state is UploadState.READY and upload.is_open:
                self._hide(upload)
            elif upload.id in held and upload.state is not UploadState.REMOVED:
                self.store.hold(owner_id, [upload.id], at(self.clock()))
            else:
                self._remove(upload)
        return bool(due)

    def discard_all(self, owner_id: UserId) -> Iterator[None]:
        """Remove everything that a user uploaded and that is in no post; yield each.

        Those of posts go with the posts, so these must be deleted before.
        """
        while ids := self.store.owned_by(owner_id, _BATCH):
            now = at(self.clock())
            for each in ids:
                self.store.discard(owner_id, each, now)
            self.settle(owner_id, ids)
            yield from (None for _ in ids)
            if set(self.store.owned_by(owner_id, _BATCH)) == set(ids):
                return  # attached to a post that was not deleted

    def read_private(self, attachment_id: AttachmentId, variant: str) -> OpenFile:
        """Open a file by the address that was signed for it. One query.

        Raises:
            NotFoundError: There is none, or no longer.
            StoreUnavailableError: It cannot be read.
        """
        upload = self.store.find(attachment_id)
        found = None
        is_ready = upload is not None and upload.state is UploadState.READY
        if upload is not None and is_ready and variant in upload.attachment.variants:
            file = AttachmentFile(upload.attachment.file, variant, upload.is_open)
            found = self.files.media.open(file.path)
        if found is None:
            raise _not_found(attachment_id)
        return found

    def used_bytes(self, viewer: Viewer) -> int:
        """Return how much of the quota the viewer has used. One query."""
        return self.store.bytes_of(viewer.id)

    def _require_room(self, owner_id: UserId, size: int) -> None:
        used = self.store.bytes_of(owner_id)
        if used + size > self.quota_bytes:
            raise _no_space(used, self.quota_bytes)

    def _hide(self, upload: Upload) -> None:
        self.files.place([upload.attachment], is_open=False)
        if self.store.hidden(upload, at(self.clock())):
            self.files.place([upload.attachment], is_open=False)
            self.files.drop([upload.attachment], is_open=True)

    def _remove(self, upload: Upload) -> None:
        is_gone = upload.state is UploadState.REMOVED or self.store.discard(
            upload.owner_id, upload.id, at(self.clock())
        )
        if is_gone:
            self.files.drop([upload.attachment], is_open=True)
            self.files.drop([upload.attachment], is_open=False)
            self.files.remove_source(upload)
            self.store.remove(upload)


@contextmanager
def _later(event: str, what: object) -> Iterator[None]:
    """Go on if the files cannot be reached: the act is done, and nothing is lost."""
    try:
        yield
    except (StoreUnavailableError, StorageFullError) as error:
        log.warning(event, files=what, reason=error.context.get("reason"))


def _cleaned(change: AttachmentChange) -> AttachmentChange:
    if change.description is None:
        return change
    text = clean_description(change.description, max_chars=DESCRIPTION_MAX)
    return replace(change, description=text)


def _changed(attachment: Attachment, change: AttachmentChange) -> Attachment:
    x, y = change.focus or (attachment.focus_x, attachment.focus_y)
    about = change.description
    return replace(
        attachment,
        description=attachment.description if about is None else about,
        focus_x=x,
        focus_y=y,
    )


def _not_found(attachment_id: AttachmentId) -> NotFoundError:
    return NotFoundError(lazy_gettext("File not found."), attachment_id=attachment_id)


def _no_space(used: int, quota: int) -> InvalidError:
    says = lazy_gettext(
        "You have used %(used)s MB of %(quota)s MB. "
        "Delete kwips with pictures to make room.",
        used=f"{used / _MEGA:,.0f}",
        quota=f"{quota / _MEGA:,.0f}",
    )
    return InvalidError(
        lazy_gettext("You have no space left for files."), {"file": says}
    )
