"""Read everything that is stored, a page at a time, to see whether it fits together.

Pages are found by key, so that no cursor is held for long and little is in memory. What
looks wrong between two reads of a running site is only a suspicion; the methods that
begin with `confirm_` look once more, in one snapshot.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from pymongo import ASCENDING

from kwip.domain.ids import PostId, UserId
from kwip.store.client import translated
from kwip.store.edges import PRESENT
from kwip.store.users import NOBODY

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Sequence

    from kwip.store.client import Document, Store

_COUNTED = {"is_tombstone": False, "fanout.state": "done"}
_TURNED = {"out": "in", "in": "out"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A sealed bucket that readers of a timeline look at."""

    id: str
    low: int
    high: int
    entries: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Home:
    """A timeline: the entries of its open bucket, and its sealed ones."""

    owner: str
    epoch: int
    entries: tuple[int, ...]
    buckets: tuple[Bucket, ...]


class Counts(NamedTuple):
    """What a user's counters say, or should."""

    posts: int
    followers: int
    following: int


class Answer(NamedTuple):
    """What a post's place in its conversation says; `is_counted` as a reply."""

    post_id: PostId
    root_id: PostId
    parent_id: PostId | None
    replies: int
    is_counted: bool


class AuditStore:
    """Pages through every collection, and second looks."""

    def __init__(self, store: Store):
        self._store = store
        database = store.database
        self._users = database["users"]
        self._claims = database["claims"]
        self._posts = database["posts"]
        self._timelines = database["timelines"]
        self._buckets = database["timeline_buckets"]
        self._follows = database["follows"]
        self._followers = database["followers"]
        self._blocks = database["blocks"]

    @translated()
    def sizes(self) -> dict[str, int]:
        """Estimate how many documents each collection has, from its metadata."""
        return {
            name: self._store.database[name].estimated_document_count()
            for name in ("users", "claims", "posts", "timelines", "follows", "blocks")
        }

    # Edges and blocks. An edge is named as on the follower's side.

    @translated()
    def follows_after(self, after: str, limit: int) -> tuple[list[str], list[str]]:
        """Page the follower's side: all edges by name, and those that stand."""
        page = list(_page(self._follows, {}, after, limit, {"state": 1}))
        standing = [d["_id"] for d in page if d["state"] in PRESENT["$in"]]
        return [d["_id"] for d in page], standing

    @translated()
    def followers_after(self, after: str, limit: int) -> list[str]:
        """Page the followee's side; the names are turned: `<followee>:<follower>`."""
        return [d["_id"] for d in _page(self._followers, {}, after, limit, {"_id": 1})]

    @translated()
    def without_followers(self, edges: Collection[str]) -> list[str]:
        """Tell which edges the followee's side lacks."""
        turned = {turned_edge(edge): edge for edge in edges}
        return [turned[i] for i in turned.keys() - _present(self._followers, turned)]

    @translated()
    def without_follows(self, edges: Collection[str]) -> list[str]:
        """Tell which edges do not stand on the follower's side."""
        standing = _present(self._follows, edges, state=PRESENT)
        return [edge for edge in edges if edge not in standing]

    def confirm_edge(self, edge: str) -> tuple[bool, bool]:
        """Tell whether an edge stands on the follower's and on the followee's side."""

        def look(session: Any) -> tuple[bool, bool]:
            standing = _present(self._follows, [edge], session, state=PRESENT)
            turned = _present(self._followers, [turned_edge(edge)], session)
            return bool(standing), bool(turned)

        return self._store.transact(look)

    @translated()
    def blocks_after(self, after: str, limit: int) -> list[str]:
        """Page the sides of blocks, `<user>:<direction>:<other>`."""
        return [d["_id"] for d in _page(self._blocks, {}, after, limit, {"_id": 1})]

    def without_other_side(self, sides: Collection[str]) -> list[str]:
        """Tell which sides of blocks have no other side, in one snapshot."""

        def look(session: Any) -> list[str]:
            still = _present(self._blocks, sides, session)
            turned = {turned_block(side): side for side in still}
            there = _present(self._blocks, turned, session)
            return [turned[i] for i in turned.keys() - there]

        return self._store.transact(look)

    # Timelines.

    @translated()
    def homes_after(self, after: str, limit: int) -> list[Home]:
        """Page timelines with the sealed buckets of their epoch; two queries."""
        fields = {"epoch": 1, "floor": 1, "entries": 1}
        opened = list(_page(self._timelines, {}, after, limit, fields))
        epochs = {d["_id"]: (d["epoch"], d["floor"]) for d in opened}
        sealed: dict[str, list[Bucket]] = {owner: [] for owner in epochs}
        for d in self._buckets.find({"owner": {"$in": list(epochs)}}):
            epoch, floor = epochs[d["owner"]]
            if d["epoch"] == epoch and d["high"] >= floor:
                sealed[d["owner"]].append(
                    Bucket(d["_id"], d["low"], d["high"], tuple(d["entries"]))
                )
        return [
            Home(d["_id"], d["epoch"], tuple(d["entries"]), tuple(sealed[d["_id"]]))
            for d in opened
        ]

    @translated()
    def posts_among(self, ids: Sequence[int]) -> set[int]:
        """Tell which ids are those of posts or tombstones, answered from the index."""
        return {d["_id"] for d in self._posts.find({"_id": {"$in": ids}}, {"_id": 1})}

    # Counters.

    @translated()
    def counters_after(self, after: int, limit: int) -> dict[UserId, Counts]:
        """Page what users' counters say."""
        fields = {"posts_count": 1, "followers_count": 1, "following_count": 1}
        return {
            UserId(d["_id"]): _counts(d)
            for d in _page(self._users, {}, after, limit, fields)
        }

    @translated()
    def counted_between(self, low: int, high: int) -> dict[UserId, Counts]:
        """Count for the users between two ids, both included; none has no entry."""
        return self._count({"$gte": low, "$lte": high})

    def confirm_counters(self, user_id: UserId) -> tuple[Counts, Counts] | None:
        """Give what a user's counters say and what they should, in one snapshot."""

        def look(session: Any) -> tuple[Counts, Counts] | None:
            user = self._users.find_one({"_id": user_id}, session=session)
            if user is None:
                return None
            right = self._count(user_id, session).get(user_id, Counts(0, 0, 0))
            return _counts(user), right

        return self._store.transact(look)

    def _count(self, users: object, session: Any = None) -> dict[UserId, Counts]:
        posts = Counter(
            d["author_id"]
            for d in self._posts.find(
                {"author_id": users, **_COUNTED}, {"author_id": 1}, session=session
            )
        )
        followers = self._group(self._followers, "followee_id", users, session)
        following = self._group(
            self._follows, "follower_id", users, session, state=PRESENT
        )
        return {
            UserId(i): Counts(posts[i], followers[i], following[i])
            for i in posts.keys() | followers.keys() | following.keys()
        }

    @staticmethod
    def _group(
        collection: Any, key: str, users: object, session: Any, **query: object
    ) -> Counter[int]:
        grouped = collection.aggregate(
            [
                {"$match": {key: users, **query}},
                {"$group": {"_id": f"${key}", "n": {"$sum": 1}}},
            ],
            session=session,
        )
        return Counter({d["_id"]: d["n"] for d in grouped})

    @translated()
    def answers_after(self, place: tuple[int, int], limit: int) -> list[Answer]:
        """Page all posts by (conversation, id), from a place on, excluded."""
        root_id, post_id = place
        fields = {
            "root_id": 1,
            "in_reply_to_id": 1,
            "replies_count": 1,
            "is_tombstone": 1,
            "fanout.state": 1,
        }
        # The driver's `min` begins in the index where the last page ended.
        found = (
            self._posts.find({}, fields)
            .min([("root_id", root_id), ("_id", post_id + 1)])
            .hint([("root_id", ASCENDING), ("_id", ASCENDING)])
            .limit(limit)
        )
        return [
            Answer(
                PostId(d["_id"]),
                PostId(d["root_id"]),
                d["in_reply_to_id"],
                d["replies_count"],
                not d["is_tombstone"] and d["fanout"]["state"] == "done",
            )
            for d in found
        ]

    def confirm_replies(self, post_id: PostId) -> tuple[int, int]:
        """Give what a post's counter of replies says and should, in one snapshot."""

        def look(session: Any) -> tuple[int, int]:
            post = self._posts.find_one({"_id": post_id}, session=session)
            if post is None:
                return 0, 0
            thread = self._posts.find(
                {"root_id": post["root_id"]},
                {"in_reply_to_id": 1, "is_tombstone": 1, "fanout.state": 1},
                session=session,
            )
            right = sum(
                d["in_reply_to_id"] == post_id
                and not d["is_tombstone"]
                and d["fanout"]["state"] == "done"
                for d in thread
            )
            return post["replies_count"], right

        return self._store.transact(look)

    # Delivery and claims.

    @translated()
    def pending_since(self, before: dt.datetime, limit: int) -> list[PostId]:
        """List posts that have been pending since before a moment, oldest first."""
        found = self._posts.find(
            {"fanout.state": "pending", "fanout.enqueued_at": {"$lt": before}},
            {"_id": 1},
        )
        ordered = found.sort("fanout.enqueued_at", ASCENDING).limit(limit)
        return [PostId(d["_id"]) for d in ordered]

    @translated()
    def claims_after(self, kind: str, after: str, limit: int) -> dict[str, UserId]:
        """Page the claims of one kind, `handle` or `email`, with their users."""
        query = {"_id": {"$lt": f"{kind};"}, "user_id": {"$ne": NOBODY}}
        start = after or f"{kind}:"
        found = _page(self._claims, query, start, limit, {"user_id": 1})
        return {d["_id"]: UserId(d["user_id"]) for d in found}

    def without_user(self, claims: Iterable[str]) -> list[str]:
        """Tell which of some claims stand without their user, in one snapshot."""
        ids = list(claims)

        def look(session: Any) -> list[str]:
            held = {
                d["_id"]: d["user_id"]
                for d in self._claims.find({"_id": {"$in": ids}}, session=session)
            }
            there = _present(self._users, list(held.values()), session)
            return [claim for claim, user_id in held.items() if user_id not in there]

        return self._store.transact(look)

    @translated()
    def users_among(self, ids: Collection[UserId]) -> set[UserId]:
        """Tell which ids are those of users, answered from the index."""
        return _present(self._users, ids)


def turned_edge(edge: str) -> str:
    """Name an edge as the other side does."""
    one, _, two = edge.partition(":")
    return f"{two}:{one}"


def turned_block(side: str) -> str:
    """Name the other side of a block."""
    user, direction, other = side.split(":")
    return f"{other}:{_TURNED[direction]}:{user}"


def _page(
    collection: Any, query: Document, after: object, limit: int, fields: Document
) -> Any:
    """Read documents whose `_id` is above `after`, in order."""
    above = {**query.get("_id", {}), "$gt": after}
    found = collection.find({**query, "_id": above}, fields)
    return found.sort("_id", ASCENDING).limit(limit)


def _present(
    collection: Any, ids: Collection[Any], session: Any = None, **query: object
) -> set[Any]:
    """Tell which ids are there."""
    wanted = {"_id": {"$in": list(ids)}, **query}
    return {d["_id"] for d in collection.find(wanted, {"_id": 1}, session=session)}


def _counts(user: Document) -> Counts:
    return Counts(user["posts_count"], user["followers_count"], user["following_count"])
