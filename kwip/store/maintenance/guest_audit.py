"""Queries that check that guests' replies belong to posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.ids import PostId
from kwip.store.client import translated
from kwip.store.paging import page_after, present

if TYPE_CHECKING:
    from kwip.store.client import Store


class GuestAuditStore:
    """Reads of the `guest_replies` collection."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]
        self._replies = store.database["guest_replies"]

    @translated()
    def lost_after(self, after: int, limit: int) -> tuple[int, int, list[PostId]]:
        """Page the replies: the last id, how many, and which posts are gone.

        A deletion may have been under way, so the replies to these are read once more.
        """
        page = list(page_after(self._replies, {}, after, limit, {"post_id": 1}))
        named = {d["post_id"] for d in page}
        lost = named - present(self._posts, named, is_tombstone=False)
        if lost:
            again = self._replies.find({"post_id": {"$in": sorted(lost)}})
            lost = {d["post_id"] for d in again}
        last = page[-1]["_id"] if page else after
        return last, len(page), [PostId(each) for each in sorted(lost)]
