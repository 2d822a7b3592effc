"""Write a whole social graph at once: edges on both sides, and counters.

Bulk writes need no transaction because each is safe to repeat: a load that was killed
resumes where it was. Each side of the edges is written in the order of its index: 34 s
for 870,161 edges, instead of 111 s with one order for both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from kwip.domain.ids import PostId, UserId
from kwip.store.bulk import insert_new
from kwip.store.client import translated
from kwip.store.social.edges import PRESENT, Edge, follow_document, follower_document

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from kwip.store.client import Document, Store

#: Authors per query; with more, MongoDB reads more than it returns.
_AUTHORS = 200

Pair = tuple[UserId, UserId]


class LoadStore:
    """Bulk writes to the `follows` and `followers` collections.

    Pairs are (follower, followee).
    """

    def __init__(self, store: Store):
        self._store = store
        database = store.database
        self._users = database["users"]
        self._claims = database["claims"]
        self._follows = database["follows"]
        self._followers = database["followers"]
        self._posts = database["posts"]
        self._timelines = database["timelines"]
        self._buckets = database["timeline_buckets"]

    @translated()
    def has_follows(self) -> bool:
        """Return whether there is any edge, including those that await a purge."""
        return self._follows.find_one({"_id": {"$gt": ""}}, {"_id": 1}) is not None

    @translated()
    def follows_among(self, pairs: Sequence[Pair]) -> set[Pair]:
        """Return which edges exist on the follower's side, whatever their state."""
        ids = {f"{a}:{b}": (a, b) for a, b in pairs}
        found = self._follows.find({"_id": {"$in": list(ids)}}, {"_id": 1})
        return {ids[d["_id"]] for d in found}

    @translated()
    def followers_among(self, pairs: Sequence[Pair]) -> set[Pair]:
        """Return which edges exist on the followee's side."""
        ids = {f"{b}:{a}": (a, b) for a, b in pairs}
        found = self._followers.find({"_id": {"$in": list(ids)}}, {"_id": 1})
        return {ids[d["_id"]] for d in found}

    @translated()
    def add_followers(self, pairs: Sequence[Pair]) -> None:
        """Write the followee's side of edges; existing ones stay unchanged."""
        insert_new(self._followers, [follower_document(b, a) for a, b in pairs])

    @translated()
    def add_follows(
        self, pairs: Sequence[Pair], merging: Collection[UserId], now: dt.datetime
    ) -> None:
        """Write the follower's side of edges; existing ones stay unchanged.

        Homes still lack the posts of the followees in `merging`.
        """
        edges = [
            Edge(a, b, "merging" if b in merging else "active", "") for a, b in pairs
        ]
        insert_new(self._follows, [follow_document(edge, now) for edge in edges])

    @translated()
    def authors_among(self, ids: Sequence[UserId]) -> set[UserId]:
        """Return which of the given users have posts, delivered or not."""
        if self._posts.find_one({"_id": {"$gt": 0}}, {"_id": 1}) is None:
            return set()
        authors: set[UserId] = set()
        for i in range(0, len(ids), _AUTHORS):
            some = list(ids[i : i + _AUTHORS])
            if self._has_posts({"$in": some}):
                authors |= {user_id for user_id in some if self._has_posts(user_id)}
        return authors

    def _has_posts(self, author: object) -> bool:
        query = {"author_id": author, "is_tombstone": False}
        return self._posts.find_one(query, {"_id": 1}) is not None

    def recount(self, ids: Sequence[UserId]) -> None:
        """Recount the followers and followees of some users, in one transaction."""

        def work(session: Any) -> None:
            among = {"$in": list(ids)}
            followers = _counts(
                self._followers, "followee_id", {"followee_id": among}, session
            )
            following = _counts(
                self._follows,
                "follower_id",
                {"follower_id": among, "state": PRESENT},
                session,
            )
            self._users.bulk_write(
                [
                    UpdateOne(
                        {"_id": user_id},
                        {
                            "$set": {
                                "followers_count": followers.get(user_id, 0),
                                "following_count": following.get(user_id, 0),
                            }
                        },
                    )
                    for user_id in ids
                ],
                ordered=False,
                session=session,
            )

        self._store.transact(work)

    @translated()
    def entries_count(self) -> int:
        """Count the entries of all timelines, including duplicates and expired ones.

        Reads every bucket, in the order of `_id`.
        """
        return sum(
            bucket["n"]
            for collection in (self._timelines, self._buckets)
            for bucket in collection.find(
                {"_id": {"$gt": ""}}, {"_id": 0, "n": {"$size": "$entries"}}
            )
        )

    @translated()
    def published(self, keys: Sequence[tuple[UserId, str]]) -> list[PostId | None]:
        """Find the posts that authors published under idempotency keys.

        Two queries. None where there is no claim, or no post for it yet.
        """
        claim_ids = [f"idem:{user_id}:{key}" for user_id, key in keys]
        held = {
            d["_id"]: (d["post_id"], d["nonce"])
            for d in self._claims.find({"_id": {"$in": claim_ids}})
        }
        ids = [post_id for post_id, _ in held.values()]
        posts = {
            (d["_id"], d["nonce"])
            for d in self._posts.find({"_id": {"$in": ids}}, {"nonce": 1})
        }
        return [
            PostId(held[claim_id][0]) if held.get(claim_id) in posts else None
            for claim_id in claim_ids
        ]


def _counts(
    collection: Any, key: str, query: Document, session: Any
) -> Mapping[int, int]:
    grouped = [{"$match": query}, {"$group": {"_id": f"${key}", "n": {"$sum": 1}}}]
    return {d["_id"]: d["n"] for d in collection.aggregate(grouped, session=session)}
