"""The mark of a moderator that covers the media of a post, whatever its author says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.store.client import translated
from kwip.store.posting.post_documents import MARKED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import PostId
    from kwip.store.client import Store

#: As `CHANGED`, for updates that refer to other fields.
_CHANGED: dict[str, Any] = {
    "version": {"$add": ["$version", 1]},
    "search_due_at": "$$NOW",
}


class MarkStore:
    """Mark posts in the `posts` collection."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def mark(self, ids: Sequence[PostId]) -> None:
        """Mark posts; the field keeps what their authors had chosen."""
        self._posts.update_many(
            {"_id": {"$in": list(ids)}, "is_tombstone": False, MARKED: None},
            [{"$set": {MARKED: "$is_sensitive", "is_sensitive": True, **_CHANGED}}],
        )

    @translated()
    def unmark(self, ids: Sequence[PostId]) -> None:
        """Take the mark from posts, and give them what their authors had chosen."""
        self._posts.update_many(
            {"_id": {"$in": list(ids)}, MARKED: {"$ne": None}},
            [{"$set": {"is_sensitive": f"${MARKED}", **_CHANGED}}, {"$unset": MARKED}],
        )
