"""Withhold the files of suspended users, which have addresses that everybody may know.

Files of open posts are served without a question to the database, so they are moved to
where nobody gets them, and back when the suspension ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.batches import batches

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.services.media.stored.attachment_files import AttachmentFiles
    from kwip.store.accounts.users import UserStore
    from kwip.store.posting.media.withheld import WithheldStore

_BATCH = 100


@dataclass(frozen=True, slots=True)
class Withholding:
    """Move files out of reach, and back. Each may be repeated after a failure."""

    store: WithheldStore
    files: AttachmentFiles
    users: UserStore

    def withhold(self, owner_id: UserId) -> None:
        """Move a user's files out of reach, except for those that others have, too.

        Raises:
            StoreUnavailableError: Files could not be moved; some may still be readable.
        """
        self.store.withhold_private(owner_id)
        for uploads in batches(self.store.opened(owner_id), _BATCH):
            media = [upload.attachment for upload in uploads]
            self.files.place(media, is_open=False)
            self.store.withhold(owner_id, [upload.id for upload in uploads])
            # Once more: see `AttachmentFiles.place`.
            self.files.place(media, is_open=False)
            self.files.drop(media, is_open=True)

    def catch_up(self, owner_id: UserId) -> None:
        """Withhold what a user has just attached, if they are suspended; one query.

        A suspension only moves what is attached by then. So code that attaches files
        must call this afterwards: either the suspension comes later and finds it,
        or this finds the suspension.

        Raises:
            StoreUnavailableError: Files could not be moved; some may still be readable.
        """
        if not self.users.shown_among([owner_id]):
            self.withhold(owner_id)

    def restore(self, owner_id: UserId) -> None:
        """Undo `withhold`, before the user's posts are shown again.

        Raises:
            StoreUnavailableError: Files could not be moved.
        """
        for uploads in batches(self.store.opened(owner_id), _BATCH):
            media = [upload.attachment for upload in uploads]
            self.files.place(media, is_open=True)
            self.store.restore(owner_id, [upload.id for upload in uploads])
            self.files.place(media, is_open=True)
            self.files.drop(media, is_open=False)
        self.store.restore_private(owner_id)
