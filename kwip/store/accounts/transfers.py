"""Exports and imports of users: one of each kind for a user, the newest."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Literal

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from kwip.domain.accounts.transfers import Transfer, TransferState
from kwip.domain.ids import UserId
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Iterator, Mapping

    from pymongo.client_session import ClientSession

    from kwip.store.client import Document, Store

#: After these, the next one need not wait.
_FRUITLESS = (TransferState.FAILED.value, TransferState.CANCELLED.value)


class TransferStore(DueWork):
    """The `exports` or the `imports` collection.

    One worker at a time has the lease on a transfer. `due_at` is when a job looks at it
    next: to do it, or to delete its file; null if there is nothing left to do.
    """

    def __init__(self, store: Store, collection: Literal["exports", "imports"]):
        self._store, self._name = store, collection
        self._transfers = store.database[collection]
        super().__init__(self._transfers, {})

    @translated()
    def find(self, user_id: UserId) -> Transfer | None:
        """Find the newest transfer of a user."""
        found = self._transfers.find_one({"_id": user_id})
        return None if found is None else _to_transfer(found)

    @translated()
    def request(self, new: Transfer, *, before: dt.datetime) -> bool:
        """Store a new transfer in place of the last one; False if it is too early.

        The last one must have ended, and have been requested at `before` or earlier,
        unless it failed or was cancelled.
        """
        ended = {"$ne": TransferState.WAITING.value}
        old = [{"requested_at": {"$lte": before}}, {"state": {"$in": [*_FRUITLESS]}}]
        document: Document = {"schema": schema_of(self._name), **asdict(new)}
        document["state"] = new.state.value
        del document["user_id"]
        times = {"due_at": new.requested_at, "leased_until": new.requested_at}
        try:
            self._transfers.update_one(
                {"_id": new.user_id, "state": ended, "$or": old},
                {"$set": document | times},
                upsert=True,
            )
        except DuplicateKeyError:
            return False
        return True

    @translated()
    def begin(
        self, user_id: UserId, worker: str, now: dt.datetime, until: dt.datetime
    ) -> Transfer | None:
        """Take the lease on a transfer; None if it has ended or is another worker's."""
        found = self._transfers.find_one_and_update(
            {
                "_id": user_id,
                "state": TransferState.WAITING.value,
                "leased_until": {"$lte": now},
            },
            {
                "$set": {"leased_until": until, "due_at": until, "worker": worker},
                "$inc": {"attempts": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        return None if found is None else _to_transfer(found)

    @translated()
    def note(
        self, held: Transfer, values: Mapping[str, object], until: dt.datetime
    ) -> bool:
        """Store progress and keep the lease for longer; False if the lease is lost."""
        kept = {**values, "leased_until": until, "due_at": until}
        return self._transfers.update_one(_held(held), {"$set": kept}).matched_count > 0

    def end(
        self,
        held: Transfer,
        values: Mapping[str, object],
        due_at: dt.datetime | None,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> bool:
        """Store the outcome; False if the lease is lost.

        `also` is called in the same transaction.
        """

        def work(session: ClientSession) -> bool:
            kept = {**values, "due_at": due_at, "worker": None}
            found = self._transfers.update_one(
                _held(held), {"$set": kept}, session=session
            )
            if found.matched_count:
                also(session)
            return found.matched_count > 0

        return self._store.transact(work)

    @translated()
    def cancel(self, user_id: UserId, now: dt.datetime) -> bool:
        """End a transfer that waits, so that its worker stops; False if none does."""
        waiting = {"_id": user_id, "state": TransferState.WAITING.value}
        values = {
            "state": TransferState.CANCELLED.value,
            "ended_at": now,
            "due_at": now,
            "worker": None,
        }
        return self._transfers.update_one(waiting, {"$set": values}).matched_count > 0

    @translated()
    def settled(self, done: Transfer, state: TransferState) -> None:
        """Note that the file of an ended transfer is deleted."""
        same = {"_id": done.user_id, "file": done.file}
        self._transfers.update_one(
            same, {"$set": {"state": state.value, "due_at": None}}
        )

    @translated()
    def remove(self, user_id: UserId) -> None:
        """Forget the transfer of a user who is deleted."""
        self._transfers.delete_one({"_id": user_id})

    def paths(self) -> Iterator[str]:
        """Iterate over the paths of all files that may be there."""
        gone = {"$ne": TransferState.EXPIRED.value}
        for found in self._transfers.find({"state": gone}):
            transfer = _to_transfer(found)
            yield from (transfer.path, transfer.report_path)


def _held(held: Transfer) -> Document:
    return {
        "_id": held.user_id,
        "state": TransferState.WAITING.value,
        "file": held.file,
        "worker": held.worker,
    }


def _to_transfer(document: Document) -> Transfer:
    kept = {k: v for k, v in document.items() if k in Transfer.__slots__}
    kept |= {"state": TransferState(document["state"])}
    return Transfer(user_id=UserId(document["_id"]), **kept)
