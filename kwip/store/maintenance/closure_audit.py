"""Closed accounts that are not hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.ids import UserId

if TYPE_CHECKING:
    from kwip.store.client import Store


class ClosureAuditStore:
    """Compares the `closures` collection with the users."""

    def __init__(self, store: Store):
        self._store = store
        self._closures = store.database["closures"]
        self._users = store.database["users"]

    def shown(self) -> list[UserId]:
        """List the users who are closed but not suspended, in one snapshot.

        There are few: closures are of the last two weeks.
        """

        def look(session: Any) -> list[UserId]:
            ids = [
                d["_id"] for d in self._closures.find({}, {"_id": 1}, session=session)
            ]
            query = {"_id": {"$in": ids}, "is_suspended": {"$ne": True}}
            found = self._users.find(query, {"_id": 1}, session=session)
            return [UserId(d["_id"]) for d in found]

        return self._store.transact(look)
