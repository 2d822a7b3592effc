"""Attachments of suspended users, which nobody gets until the suspension ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.store.client import translated
from kwip.store.posting.media.attachments import to_upload

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import AttachmentId, UserId
    from kwip.domain.media.attachments import Upload
    from kwip.store.client import Store

#: Where the files were before, and are again afterwards.
_OPEN, _PRIVATE = "open", "private"


class WithheldStore:
    """The field `withheld` of the `attachments` collection."""

    def __init__(self, store: Store):
        self._attachments = store.database["attachments"]

    @translated()
    def withhold_private(self, owner_id: UserId) -> None:
        """Withhold what is private anyway."""
        self._attachments.update_many(
            {"owner_id": owner_id, "is_open": False, "withheld": None},
            {"$set": {"withheld": _PRIVATE}},
        )

    @translated()
    def opened(self, owner_id: UserId) -> list[Upload]:
        """List what is open, or was before it was withheld."""
        either = [{"is_open": True}, {"withheld": _OPEN}]
        found = self._attachments.find({"owner_id": owner_id, "$or": either})
        return [to_upload(d) for d in found]

    @translated()
    def withhold(self, owner_id: UserId, ids: Sequence[AttachmentId]) -> None:
        """Note that the files of open ones are private from now on."""
        self._attachments.update_many(
            {"owner_id": owner_id, "_id": {"$in": list(ids)}, "is_open": True},
            {"$set": {"withheld": _OPEN, "is_open": False}},
        )

    @translated()
    def restore(self, owner_id: UserId, ids: Sequence[AttachmentId]) -> None:
        """Note that the files of withheld ones are open again."""
        self._attachments.update_many(
            {"owner_id": owner_id, "_id": {"$in": list(ids)}, "withheld": _OPEN},
            {"$set": {"is_open": True}, "$unset": {"withheld": 1}},
        )

    @translated()
    def restore_private(self, owner_id: UserId) -> None:
        """Let people who may see private ones see them again."""
        self._attachments.update_many(
            {"owner_id": owner_id, "withheld": _PRIVATE}, {"$unset": {"withheld": 1}}
        )
