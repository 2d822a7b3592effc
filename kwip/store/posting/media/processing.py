"""Uploaded videos and sounds that are still to be converted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymongo import ReturnDocument

from kwip.domain.media.attachments import UploadState
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.posting.media.attachments import to_media, to_upload

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import AttachmentId, UserId
    from kwip.domain.media.attachments import Upload
    from kwip.store.client import Document, Store

#: What people may change while a file is converted.
_WORDS = frozenset({"description", "focus_x", "focus_y"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """The lease of a worker on an upload, for its nth attempt."""

    upload: Upload
    worker: str
    attempts: int


class ProcessingStore(DueWork):
    """The uploads in `attachments` that are `processing`.

    One worker at a time has the lease on an upload. It is due again when the lease
    ends, so that another worker continues if this one has died.
    """

    def __init__(self, store: Store):
        self._attachments = store.database["attachments"]
        super().__init__(
            self._attachments,
            {"post_id": None, "state": UploadState.PROCESSING.value},
            shard_key="owner_id",
            job_id="{owner_id}:{_id}",
        )

    @translated()
    def begin(
        self,
        owner_id: UserId,
        attachment_id: AttachmentId,
        worker: str,
        now: dt.datetime,
        until: dt.datetime,
    ) -> Conversion | None:
        """Take the lease on an upload; None if it is done, gone, or another's."""
        found = self._attachments.find_one_and_update(
            {
                "_id": attachment_id,
                "owner_id": owner_id,
                "state": UploadState.PROCESSING.value,
                "processing.leased_until": {"$lte": now},
            },
            {
                "$set": {
                    "processing.leased_until": until,
                    "processing.worker": worker,
                    "due_at": until,
                },
                "$inc": {"processing.attempts": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        if found is None:
            return None
        return Conversion(
            upload=to_upload(found),
            worker=worker,
            attempts=found["processing"]["attempts"],
        )

    @translated()
    def renew(self, conversion: Conversion, until: dt.datetime) -> None:
        """Keep the lease for longer, unless it is lost."""
        self._change(conversion, {"processing.leased_until": until, "due_at": until})

    @translated()
    def note(self, conversion: Conversion, outcome: Upload) -> bool:
        """Store what became of an upload; False if the lease is lost.

        It stays `processing` until its source is deleted.
        """
        shown = {
            f"media.{name}": value
            for name, value in to_media(outcome.attachment).items()
            if name not in _WORDS
        }
        about = {"size_bytes": outcome.size_bytes, "problem": outcome.problem}
        return self._change(conversion, shown | about)

    @translated()
    def end(self, conversion: Conversion, state: UploadState, due: dt.datetime) -> bool:
        """Note that an upload is converted, or cannot be, and its source is deleted.

        False if the lease is lost, or the upload was deleted.
        """
        result = self._attachments.update_one(
            _leased(conversion),
            {
                "$set": {"state": state.value, "due_at": due},
                "$unset": {"processing": 1},
            },
        )
        return result.matched_count == 1

    def _change(self, conversion: Conversion, values: Document) -> bool:
        result = self._attachments.update_one(_leased(conversion), {"$set": values})
        return result.matched_count == 1


def _leased(conversion: Conversion) -> Document:
    upload = conversion.upload
    return {
        "_id": upload.id,
        "owner_id": upload.owner_id,
        "state": UploadState.PROCESSING.value,
        "processing.worker": conversion.worker,
    }
