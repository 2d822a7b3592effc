"""Queries that find what accounts left that were deleted meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.ids import UserId
from kwip.store.client import translated
from kwip.store.paging import page_after, present

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.store.client import Store

#: What somebody may add while an account is deleted, and its fields with users.
LEFTOVERS: Mapping[str, tuple[str, ...]] = {
    "push_subscriptions": ("user_id",),
    "nudges": ("actor_id", "recipient_id"),
}


class LeftoverAuditStore:
    """Reads and repairs of documents that belong to users."""

    def __init__(self, store: Store):
        self._store = store
        self._users = store.database["users"]

    @translated()
    def lost_after(
        self, collection: str, after: str, limit: int
    ) -> tuple[str, int, list[UserId]]:
        """Page a collection: the last id, how many, and which users are gone.

        A deletion may have been under way, so what these have is read once more.
        """
        documents, fields = self._store.database[collection], LEFTOVERS[collection]
        wanted = dict.fromkeys(fields, 1)
        page = list(page_after(documents, {}, after, limit, wanted))
        named = {d[name] for d in page for name in fields}
        lost = named - present(self._users, named)
        if lost:
            ids = {"_id": {"$in": [d["_id"] for d in page]}}
            again = list(documents.find(ids, wanted))
            lost &= {d[name] for d in again for name in fields}
        last = page[-1]["_id"] if page else after
        return last, len(page), [UserId(each) for each in sorted(lost)]

    def repair(self, collection: str, user_id: UserId) -> None:
        """Delete what a user left who is gone."""
        documents = self._store.database[collection]

        def work(session: Any) -> None:
            if not present(self._users, [user_id], session):
                for name in LEFTOVERS[collection]:
                    documents.delete_many({name: user_id}, session=session)

        self._store.transact(work)
