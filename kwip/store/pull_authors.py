"""How far authors reach: how many follow them, and up to which post they are pulled."""

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
        """Count an author's active followers as far as `upto`, in the index alone."""
        query = {"followee_id": author_id, "active": True}
        return self._followers.count_documents(query, limit=upto)

    @translated()
    def is_pulled(self, author_id: UserId) -> bool:
        """Tell whether the newest post for which it was decided is pulled.

        Direct posts are always pushed and tell nothing.
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
        """Note that an author's posts up to this one may have to be pulled."""
        self._users.update_one({"_id": author_id}, {"$max": {"last_pull_id": post_id}})

    @translated()
    def last_pulls(self, limit: int) -> list[tuple[UserId, PostId]]:
        """Give authors with the newest post of theirs that was pulled, newest first."""
        found = self._users.find({"last_pull_id": {"$gt": 0}}, {"last_pull_id": 1})
        return [
            (UserId(d["_id"]), PostId(d["last_pull_id"]))
            for d in found.sort("last_pull_id", DESCENDING)
            .limit(limit)
            .batch_size(ONE_BATCH)
        ]
