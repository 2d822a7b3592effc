"""Follow edges for delivery: who gets a post, which homes await a backfill or purge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from pymongo import ASCENDING, DESCENDING, UpdateOne

from kwip.domain.ids import UserId
from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from pymongo.collection import Collection

    from kwip.store.client import Document, Store

#: An edge is `merging` until the posts are backfilled, and `removed` until they are
#: purged. It is `requested` while a locked account has not accepted it.
EdgeState = Literal["merging", "active", "removed", "requested"]
REQUESTED: EdgeState = "requested"
#: The states of an edge that exists.
PRESENT = {"$in": ["merging", "active"]}
WAITING = {"$in": ["merging", "removed"]}
#: Matches hibernating followers too, in a form that can use the index.
EITHER = {"$in": [True, False]}


class PendingEdge(Protocol):
    """A follow, or a membership of a list."""

    @property
    def key(self) -> Document:
        """Matches its document, on its shard."""

    @property
    def state(self) -> EdgeState:
        """What it waits for, if it is not `active`."""

    @property
    def nonce(self) -> str:
        """Different after each change."""


class PendingEdges(DueWork):
    """The part of a store that holds such edges."""

    def __init__(self, edges: Collection[Document], shard_key: str):
        super().__init__(edges, {"state": WAITING}, shard_key=shard_key)

    @translated()
    def settle(self, edge: PendingEdge) -> bool:
        """Record that the backfill or purge of an edge is done.

        False if the edge changed meanwhile, even if its state is the same again: the
        work that is due now is not the work that was done.
        """
        query = {**edge.key, "state": edge.state, "nonce": edge.nonce}
        if edge.state == "removed":
            return self._documents.delete_one(query).deleted_count == 1
        result = self._documents.update_one(query, {"$set": {"state": "active"}})
        return result.matched_count == 1


@dataclass(frozen=True, slots=True)
class Edge:
    """A follow, in any of its states."""

    follower_id: UserId
    followee_id: UserId
    state: EdgeState
    nonce: str
    notify: bool = False
    hides_reposts: bool = False

    @property
    def key(self) -> Document:
        """Matches its document on the follower's side."""
        return follow_key(self.follower_id, self.followee_id)


class EdgeStore(PendingEdges):
    """The `follows` and `followers` collections, alongside `RelationshipStore`."""

    def __init__(self, store: Store):
        self._users = store.database["users"]
        self._follows = store.database["follows"]
        super().__init__(self._follows, "follower_id")
        self._followers = store.database["followers"]

    @translated()
    def followees(self, follower_id: UserId) -> list[UserId]:
        """List whom a user follows, by id; answered from the index."""
        found = self._follows.find(
            {"follower_id": follower_id, "state": PRESENT},
            {"_id": 0, "followee_id": 1},
        )
        return sorted(UserId(d["followee_id"]) for d in found)

    @translated()
    def merged_followees(
        self, follower_ids: Sequence[UserId]
    ) -> dict[UserId, set[UserId]]:
        """Return whose posts up to 200 homes hold: followees already backfilled."""
        followees: dict[UserId, set[UserId]] = {i: set() for i in follower_ids}
        for d in self._follows.find(
            {"follower_id": {"$in": list(follower_ids)}, "state": "active"},
            {"_id": 0, "follower_id": 1, "followee_id": 1},
        ):
            followees[d["follower_id"]].add(UserId(d["followee_id"]))
        return followees

    @translated()
    def followers(
        self, followee_id: UserId, *, above: int, upto: int, limit: int
    ) -> list[UserId]:
        """Page the active followers with `above` < id ≤ `upto`, lowest first."""
        found = self._followers.find(
            {
                "followee_id": followee_id,
                "active": True,
                "follower_id": {"$gt": above, "$lte": upto},
            },
            {"_id": 0, "follower_id": 1},
        )
        ordered = found.sort("follower_id", ASCENDING).limit(limit).batch_size(limit)
        return [UserId(d["follower_id"]) for d in ordered.to_list()]

    @translated()
    def followers_among(
        self, followee_id: UserId, ids: Sequence[UserId]
    ) -> list[UserId]:
        """Return which of the given users follow the followee, lowest id first."""
        found = self._followers.find(
            {
                "followee_id": followee_id,
                "active": EITHER,
                "follower_id": {"$in": list(ids)},
            },
            {"_id": 0, "follower_id": 1},
        )
        return sorted(UserId(d["follower_id"]) for d in found)

    @translated()
    def subscribers(
        self, followee_id: UserId, *, above: int, limit: int
    ) -> list[UserId]:
        """Page the followers to notify of each new post, lowest id first."""
        found = self._followers.find(
            {
                "followee_id": followee_id,
                "notify": True,
                "follower_id": {"$gt": above},
            },
            {"_id": 0, "follower_id": 1},
        )
        ordered = found.sort("follower_id", ASCENDING).limit(limit)
        return [UserId(d["follower_id"]) for d in ordered]

    @translated()
    def follower_bounds(self, followee_id: UserId) -> tuple[int, int]:
        """Return the lowest and highest active follower id; 0, 0 if there are none."""
        query = {"followee_id": followee_id, "active": True}
        shown = {"_id": 0, "follower_id": 1}
        low = self._followers.find_one(query, shown, sort=[("follower_id", ASCENDING)])
        high = self._followers.find_one(
            query, shown, sort=[("follower_id", DESCENDING)]
        )
        if low is None or high is None:
            return 0, 0
        return low["follower_id"], high["follower_id"]

    @translated()
    def find_edge(self, follower_id: UserId, followee_id: UserId) -> Edge | None:
        """Read one follow, whatever its state."""
        document = self._follows.find_one(follow_key(follower_id, followee_id))
        return None if document is None else _edge(document)

    @translated()
    def waiting_count(self) -> int:
        """Count the edges that wait for a backfill or purge."""
        return self._follows.count_documents({"state": WAITING}, hint="due_at_1")

    @translated()
    def load_edges(
        self, edges: Sequence[tuple[UserId, UserId]], now: dt.datetime
    ) -> None:
        """Write (follower, followee) edges in bulk, both sides, without a backfill.

        Only for loading into empty homes. Safe to repeat; counters are left to
        `recount`.
        """
        for collection, key, documents in (
            (
                self._follows,
                "follower_id",
                [_loaded_document(a, b, now) for a, b in edges],
            ),
            (
                self._followers,
                "followee_id",
                [follower_document(b, a) for a, b in edges],
            ),
        ):
            collection.bulk_write(
                [
                    UpdateOne(
                        {"_id": d.pop("_id"), key: d[key]},
                        {"$setOnInsert": d},
                        upsert=True,
                    )
                    for d in documents
                ],
                ordered=False,
            )

    @translated()
    def recount(self, counts: Mapping[UserId, tuple[int, int]]) -> None:
        """Set the (followers, following) counters of some users, in bulk."""
        self._users.bulk_write(
            [
                UpdateOne(
                    {"_id": user_id},
                    {"$set": {"followers_count": n, "following_count": m}},
                )
                for user_id, (n, m) in counts.items()
            ],
            ordered=False,
        )


def follow_key(follower_id: UserId, followee_id: UserId) -> Document:
    """Match an edge on the follower's side, on its shard."""
    return {"_id": f"{follower_id}:{followee_id}", "follower_id": follower_id}


def follower_key(followee_id: UserId, follower_id: UserId) -> Document:
    """Match an edge on the followee's side, on its shard."""
    return {"_id": f"{followee_id}:{follower_id}", "followee_id": followee_id}


def follow_document(edge: Edge, due_at: dt.datetime) -> Document:
    """Return the document of an edge on the follower's side."""
    return {
        **edge.key,
        "schema": schema_of("follows"),
        "followee_id": edge.followee_id,
        "state": edge.state,
        "due_at": due_at,
        "attempts": 0,  # only read by older versions
        "nonce": edge.nonce,
        "notify": edge.notify,
        "hides_reposts": edge.hides_reposts,
    }


def _loaded_document(
    follower_id: UserId, followee_id: UserId, now: dt.datetime
) -> Document:
    return follow_document(Edge(follower_id, followee_id, "active", ""), now)


def follower_document(
    followee_id: UserId, follower_id: UserId, *, notify: bool = False
) -> Document:
    """Return the document of an edge on the followee's side."""
    return {
        "_id": f"{followee_id}:{follower_id}",
        "schema": schema_of("followers"),
        "followee_id": followee_id,
        "follower_id": follower_id,
        "active": True,
        "notify": notify,
    }


def _edge(document: Document) -> Edge:
    return Edge(
        UserId(document["follower_id"]),
        UserId(document["followee_id"]),
        document["state"],
        document["nonce"],
    )
