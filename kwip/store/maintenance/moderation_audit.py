"""Queries that check what is stored of reports and strikes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kwip.store.client import translated
from kwip.store.paging import page_after, present

if TYPE_CHECKING:
    import datetime as dt

    from kwip.store.client import Store

_WHOSE = {"reports": "target_id", "strikes": "user_id"}


class ModerationAuditStore:
    """Reads of the `reports` and `strikes` collections."""

    def __init__(self, store: Store):
        self._database = store.database

    @translated()
    def strays_after(
        self, kind: Literal["reports", "strikes"], after: int, limit: int
    ) -> tuple[int, list[int]]:
        """Page one of both: the last id, 0 at the end, and those about no user."""
        field = _WHOSE[kind]
        page = list(page_after(self._database[kind], {}, after, limit, {field: 1}))
        users = present(self._database["users"], {d[field] for d in page})
        strays = [d["_id"] for d in page if d[field] not in users]
        return (page[-1]["_id"] if page else 0), strays

    @translated()
    def overdue(self, before: dt.datetime, limit: int) -> list[int]:
        """List strikes that should have been carried out or undone by then."""
        unfinished = {"state": {"$in": ["pending", "undoing"]}}
        found = self._database["strikes"].find(
            {**unfinished, "due_at": {"$lte": before}}, {"_id": 1}
        )
        return [d["_id"] for d in found.limit(limit)]
