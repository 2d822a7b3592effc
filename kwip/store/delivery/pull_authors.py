"""Authors with many followers: how many follow them, and which posts are pulled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import DESCENDING

from kwip.domain.ids import PostId, UserId
from kwip.store.client import ONE_BATCH, translated

if TYPE_CHECKING:
    from kwip.store.client import Store


class PullAuthorStore:
    """What decides between push and pull, in `users`, `followers` and `posts`."""

    def __init__(self, store: Store):
        self._users = store.database["users"]
        self._followers = store.database["followers"]
        self._posts = store.database["posts"]

    @translated()
    def active_followers(self, author_id: UserId, upto: int) -> int:
        """Count an author's active followers, up to `upto`; from the index alone."""
        query = {"followee_id": author_id, "active": True}
        return self._followers.count_documents(query, limit=upto)

    @translated()
    def is_pulled(self, author_id: UserId) -> bool:
        """Return whether an author's newest post with a decision is pulled.

        Direct posts are always pushed, so they do not count.
        """
        newest = self._posts.find_one(
            {
                "author_id": author_id,
                "is_tombstone": False,
                "visibility": {"$ne": "direct"},
                "fanout.mode": {"$in": ["push", "pull"]},
            },
            {"fanout.mode": 1},
            sort=[("_id", DESCENDING)],
        )
        return newest is not None and newest["fanout"]["mode"] == "pull"

    @translated()
    def raise_last_pull(self, author_id: UserId, post_id: PostId) -> None:
        """Record that an author's posts up to this one may have to be pulled."""
        self._users.update_one({"_id": author_id}, {"$max": {"last_pull_id": post_id}})

    @translated()
    def last_pulls(self, limit: int) -> list[tuple[UserId, PostId]]:
        """Return authors with their newest pulled post, newest first."""
        found = self._users.find({"last_pull_id": {"$gt": 0}}, {"last_pull_id": 1})
        return [
            (UserId(d["_id"]), PostId(d["last_pull_id"]))
            for d in found.sort("last_pull_id", DESCENDING)
            .limit(limit)
            .batch_size(ONE_BATCH)
        ]
