"""Read the index of search next to the posts, to compare them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.ids import PostId
from kwip.store.client import ONE_BATCH, translated
from kwip.store.paging import page_after, present
from kwip.store.posting.post_documents import to_post

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.posting.posts import Post
    from kwip.store.client import Document, Store

_VERSION = {
    **dict.fromkeys(("version", "repost_of_id", "is_tombstone", "search_due_at"), 1),
    "fanout.state": 1,
}
_POST = {"fanout": 0, "nonce": 0, "revisions": 0}


class SearchAuditStore:
    """The `search_posts` and `posts` collections, a page at a time."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]
        self._index = store.database["search_posts"]

    @translated()
    def count(self) -> int:
        """Estimate how many posts there are."""
        return self._posts.estimated_document_count()

    @translated()
    def posts_after(self, post_id: int, limit: int) -> list[Post]:
        """Page all posts, tombstones and reposts too."""
        return [to_post(d) for d in page_after(self._posts, {}, post_id, limit, _POST)]

    @translated()
    def stored(self, ids: Sequence[PostId]) -> dict[PostId, list[str]]:
        """Read the terms that posts are stored with; absent ones have no document."""
        found = self._index.find({"_id": {"$in": list(ids)}}, {"terms": 1})
        return {PostId(d["_id"]): d["terms"] for d in found.batch_size(ONE_BATCH)}

    @translated()
    def ids_after(self, post_id: int, limit: int) -> list[PostId]:
        """Page the ids of all documents of the index."""
        found = page_after(self._index, {}, post_id, limit, {"_id": 1})
        return [PostId(d["_id"]) for d in found]

    @translated()
    def without_post(self, ids: Sequence[PostId]) -> list[PostId]:
        """Return which ids are not those of posts."""
        there = present(self._posts, ids)
        return [each for each in ids if each not in there]

    @translated()
    def outdated_after(self, post_id: int, limit: int) -> tuple[int, int, list[PostId]]:
        """Page all posts: the last id, how many, and which are not indexed as they are.

        Deliveries and changes that are about to be indexed are left out.
        """
        page = list(page_after(self._posts, {}, post_id, limit, _VERSION))
        return page[-1]["_id"] if page else post_id, len(page), self._outdated(page)

    @translated()
    def outdated_among(self, ids: Sequence[PostId]) -> list[PostId]:
        """Return which of some posts are not indexed as they are."""
        return self._outdated(
            list(self._posts.find({"_id": {"$in": list(ids)}}, _VERSION))
        )

    def _outdated(self, posts: Sequence[Document]) -> list[PostId]:
        due = {
            PostId(d["_id"]): d["version"]
            for d in posts
            if d["fanout"]["state"] == "done"
            and "search_due_at" not in d
            and not d.get("repost_of_id")
            and not d["is_tombstone"]
        }
        found = self._index.find({"_id": {"$in": list(due)}}, {"version": 1})
        indexed = {d["_id"]: d["version"] for d in found.batch_size(ONE_BATCH)}
        return [i for i, version in due.items() if indexed.get(i) != version]

    @translated()
    def settled(self, ids: Sequence[PostId]) -> list[Post]:
        """Read those of some posts that are delivered and of which no change is due."""
        query = {"_id": {"$in": list(ids)}, "fanout.state": "done"}
        found = self._posts.find({**query, "search_due_at": {"$exists": False}}, _POST)
        return [to_post(d) for d in found.batch_size(ONE_BATCH)]
