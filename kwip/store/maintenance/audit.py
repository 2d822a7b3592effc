"""Read everything that is stored, a page at a time, to check that it is consistent.

Pages are read by key, so no cursor stays open and little is in memory. On a running
site, a mismatch between two reads is only a suspicion; methods whose names begin with
`confirm_` check again in one snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from kwip.domain.ids import NOBODY, PostId, UserId
from kwip.store.client import translated
from kwip.store.maintenance.attachment_audit import AttachmentAuditStore
from kwip.store.maintenance.closure_audit import ClosureAuditStore
from kwip.store.maintenance.guest_audit import GuestAuditStore
from kwip.store.maintenance.moderation_audit import ModerationAuditStore
from kwip.store.maintenance.personal_audit import OWNERS, PersonalAuditStore
from kwip.store.maintenance.preview_audit import PreviewAuditStore
from kwip.store.maintenance.reaction_audit import ReactionAuditStore
from kwip.store.maintenance.request_audit import RequestAuditStore
from kwip.store.maintenance.search_audit import SearchAuditStore
from kwip.store.paging import page_after, present
from kwip.store.posting.counters import CounterStore
from kwip.store.social.edges import PRESENT

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Iterable, Sequence

    from kwip.store.client import Store

_TURNED = {"out": "in", "in": "out"}


@dataclass(frozen=True, slots=True)
class Bucket:
    """A sealed bucket that belongs to a timeline."""

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


class AuditStore:
    """Pages through every collection, and confirms suspicions."""

    def __init__(self, store: Store):
        self._store = store
        #: Checks of counters, of posts and reactions, and of the index of search.
        self.counters = CounterStore(store)
        self.reactions = ReactionAuditStore(store)
        self.search = SearchAuditStore(store)
        self.attachments = AttachmentAuditStore(store)
        self.previews = PreviewAuditStore(store)
        self.requests = RequestAuditStore(store)
        self.closures = ClosureAuditStore(store)
        self.guests = GuestAuditStore(store)
        self.moderation = ModerationAuditStore(store)
        self.personal = PersonalAuditStore(store)
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
            for name in (
                *("users", "claims", "posts", "timelines", "follows", "blocks"),
                *("reactions", "attachments", "guest_replies", *OWNERS),
            )
        }

    # Edges and blocks. An edge has the name that it has on the follower's side.

    @translated()
    def follows_after(self, after: str, limit: int) -> tuple[list[str], list[str]]:
        """Page the follower's side: the names of all edges, and of the present ones."""
        page = list(page_after(self._follows, {}, after, limit, {"state": 1}))
        standing = [d["_id"] for d in page if d["state"] in PRESENT["$in"]]
        return [d["_id"] for d in page], standing

    @translated()
    def followers_after(self, after: str, limit: int) -> list[str]:
        """Page the followee's side; its names are reversed: `<followee>:<follower>`."""
        return [
            d["_id"] for d in page_after(self._followers, {}, after, limit, {"_id": 1})
        ]

    @translated()
    def without_followers(self, edges: Collection[str]) -> list[str]:
        """Return which edges are missing on the followee's side."""
        turned = {turned_edge(edge): edge for edge in edges}
        return [turned[i] for i in turned.keys() - present(self._followers, turned)]

    @translated()
    def without_follows(self, edges: Collection[str]) -> list[str]:
        """Return which edges are missing on the follower's side."""
        standing = present(self._follows, edges, state=PRESENT)
        return [edge for edge in edges if edge not in standing]

    def confirm_edge(self, edge: str) -> tuple[bool, bool]:
        """Return whether an edge exists on the follower's and the followee's side."""

        def look(session: Any) -> tuple[bool, bool]:
            standing = present(self._follows, [edge], session, state=PRESENT)
            turned = present(self._followers, [turned_edge(edge)], session)
            return bool(standing), bool(turned)

        return self._store.transact(look)

    @translated()
    def blocks_after(self, after: str, limit: int) -> list[str]:
        """Page the sides of blocks, `<user>:<direction>:<other>`."""
        return [
            d["_id"] for d in page_after(self._blocks, {}, after, limit, {"_id": 1})
        ]

    def without_other_side(self, sides: Collection[str]) -> list[str]:
        """Return which sides of blocks lack the other side, in one snapshot."""

        def look(session: Any) -> list[str]:
            still = present(self._blocks, sides, session)
            turned = {turned_block(side): side for side in still}
            there = present(self._blocks, turned, session)
            return [turned[i] for i in turned.keys() - there]

        return self._store.transact(look)

    # Timelines.

    @translated()
    def homes_after(self, after: str, limit: int) -> list[Home]:
        """Page timelines with the sealed buckets of their epoch; two queries."""
        fields = {"epoch": 1, "floor": 1, "entries": 1}
        opened = list(page_after(self._timelines, {}, after, limit, fields))
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
        """Return which ids are of posts or tombstones; from the index alone."""
        return {d["_id"] for d in self._posts.find({"_id": {"$in": ids}}, {"_id": 1})}

    # Delivery and claims.

    @translated()
    def pending_since(self, before: dt.datetime, limit: int) -> list[PostId]:
        """List posts that have been pending since before a given time, oldest first."""
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
        found = page_after(self._claims, query, start, limit, {"user_id": 1})
        return {d["_id"]: UserId(d["user_id"]) for d in found}

    def without_user(self, claims: Iterable[str]) -> list[str]:
        """Return which claims have no user, in one snapshot."""
        ids = list(claims)

        def look(session: Any) -> list[str]:
            held = {
                d["_id"]: d["user_id"]
                for d in self._claims.find({"_id": {"$in": ids}}, session=session)
            }
            there = present(self._users, list(held.values()), session)
            return [claim for claim, user_id in held.items() if user_id not in there]

        return self._store.transact(look)

    @translated()
    def users_among(self, ids: Collection[UserId]) -> set[UserId]:
        """Return which ids are of users; from the index alone."""
        return present(self._users, ids)


def turned_edge(edge: str) -> str:
    """Return the name that an edge has on the other side."""
    one, _, two = edge.partition(":")
    return f"{two}:{one}"


def turned_block(side: str) -> str:
    """Return the name of the other side of a block."""
    user, direction, other = side.split(":")
    return f"{other}:{_TURNED[direction]}:{user}"
