"""Rearrange homes: merge after a follow, scrub after an unfollow, trim, rebuild.

All of it holds one lease on the timeline's document, and each write is conditional on
it; edges and floor are read after it is taken. Delivery goes on beside it.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import drops
from kwip.domain.clock import at
from kwip.domain.timelines import (
    AUTHORS_PER_QUERY,
    BUCKET_GRACE_S,
    TRIM_ABOVE,
    TRIM_TO,
    belongs_in_home,
    plan_buckets,
    raised_floor,
)
from kwip.store.timelines import bucket_document, home_of, user_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from kwip.cache.keys import CacheKey
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.fence import Fence
    from kwip.store.edges import Edge, EdgeStore
    from kwip.store.posts import PostStore
    from kwip.store.timelines import Stored, TimelineStore, UpkeepLease

#: How long one piece of upkeep may hold its lease.
LEASE_MS = 60_000
#: How often a compare-and-set that lost to a delivery is repeated.
TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepParts:
    """What `Upkeep` is made of."""

    timelines: TimelineStore
    edges: EdgeStore
    posts: PostStore
    fence: Fence
    clock: ClockMs


class Upkeep:
    """Bring what homes store in line with who follows whom now.

    Each method returns False when somebody else holds the lease or a race was lost
    too often: whoever asked asks again later.
    """

    def __init__(self, parts: UpkeepParts):
        self._timelines = parts.timelines
        self._edges = parts.edges
        self._posts = parts.posts
        self._fence = parts.fence
        self._clock = parts.clock

    def settle(self, follower_id: UserId, followee_id: UserId) -> bool:
        """Merge or scrub, whichever an edge waits for; nothing if it waits no more."""
        with self._lease(home_of(follower_id)) as lease:
            if lease is None:
                return False
            edge = self._edges.find_edge(follower_id, followee_id)
            if edge is None or edge.state == "active":
                return True
            work = self._merge if edge.state == "merging" else self._scrub
            return work(lease, edge) and self._edges.settle(edge)

    def _merge(self, lease: UpkeepLease, edge: Edge) -> bool:
        """Add the followee's posts to the home; above 800 ids the floor rises."""
        owner, floor = lease.owner, lease.bucket.floor
        wanted = self._wanted(edge.follower_id, [edge.followee_id], floor)
        stored = self._timelines.stored(owner)
        if stored is None:
            return True
        both = {*wanted.ids, *stored.ids}
        raised = raised_floor(both, above=TRIM_TO, floor=wanted.known_from)
        if raised > floor and not self._timelines.raise_floor(
            owner, raised, holder=lease.holder
        ):
            return False
        missing = sorted(i for i in wanted.ids - set(stored.ids) if i >= raised)
        if missing and not self._timelines.add(owner, missing, holder=lease.holder):
            return False
        self._timelines.seal_full([owner])
        self._drop(drops.merge, owner)
        return True

    def _scrub(self, lease: UpkeepLease, edge: Edge) -> bool:
        """Take the followee's posts out of the home."""
        before = self._timelines.stored(lease.owner)
        if before is None:
            return True
        gone = set(self._posts.written_by(edge.followee_id, before.ids))
        kept = set(before.ids) - gone
        if gone and not self._swap(lease, before, kept, before.open.floor):
            return False
        self._drop(drops.scrub, lease.owner)
        return True

    def trim(self, owners: Sequence[str]) -> list[str]:
        """Raise the floor of those of the owners that store too much; return whose."""
        sizes = self._timelines.sizes(owners)
        return [o for o in owners if sizes.get(o, 0) > TRIM_ABOVE and self._trim(o)]

    def _trim(self, owner: str) -> bool:
        with self._lease(owner) as lease:
            stored = None if lease is None else self._timelines.stored(owner)
            if lease is None or stored is None:
                return False
            floor = raised_floor(stored.ids, above=TRIM_ABOVE, floor=stored.open.floor)
            if not self._timelines.raise_floor(owner, floor, holder=lease.holder):
                return False
            self._retire(owner)
        self._drop(drops.trim, owner)
        return True

    def rebuild(self, user_id: UserId) -> bool:
        """Build a home anew and swap it in."""
        with self._lease(home_of(user_id)) as lease:
            before = None if lease is None else self._timelines.stored(lease.owner)
            if lease is None or before is None:
                return False
            authors = [user_id, *self._edges.followees(user_id)]
            wanted = self._wanted(user_id, authors, before.open.floor)
            # The owner's newest posts are there before their delivery has begun.
            rest = [i for i in before.ids if i not in wanted.ids]
            own = self._posts.written_by(user_id, rest) if rest else []
            ids = {*wanted.ids, *own}
            floor = raised_floor(ids, above=TRIM_TO, floor=wanted.known_from)
            if not self._swap(lease, before, ids, floor):
                return False
        self._drop(drops.rebuild, lease.owner)
        return True

    def _swap(
        self, lease: UpkeepLease, before: Stored, ids: Iterable[int], floor: int
    ) -> bool:
        """Let a home store `ids` in the place of what it stored `before`.

        What arrived meanwhile is carried over: every id that is there at the swap
        and was not before. The new buckets bear the lease's term as their epoch,
        which nobody reads until the swap and nobody else ever writes: a worker that
        was stopped past its lease can neither lose nor bring back an entry.
        """
        chosen = {i for i in ids if i >= floor}
        seal, sealed = plan_buckets(chosen)
        self._timelines.insert_sealed(
            [bucket_document(lease.owner, lease.term, part) for part in sealed]
        )
        known = {*before.ids, *chosen}
        for _ in range(TRIES):
            now = self._timelines.stored(lease.owner)
            if now is None:
                return False
            arrived = sorted(i for i in now.ids if i >= floor and i not in known)
            entries = (*seal.keep, *arrived)
            new = replace(now.open, entries=entries, floor=floor, epoch=lease.term)
            if self._timelines.replace_open(now.open, new, holder=lease.holder):
                self._retire(lease.owner)
                return True
        return False

    def stored_set(self, owner_id: UserId, floor: int) -> set[int]:
        """Work out from scratch what a home must store at or above a floor.

        One query per 200 followees. Of very long homes only the newest part is told.
        """
        authors = [owner_id, *self._edges.followees(owner_id)]
        return self._wanted(owner_id, authors, floor).ids

    def _wanted(
        self, owner_id: UserId, authors: Sequence[UserId], floor: int
    ) -> _Wanted:
        ids: set[int] = set()
        for i in range(0, len(authors), AUTHORS_PER_QUERY):
            pushed = self._posts.pushed_by(
                authors[i : i + AUTHORS_PER_QUERY],
                at_least=floor,
                limit=TRIM_ABOVE,
            )
            if len(pushed) == TRIM_ABOVE:  # there may be more below these
                floor = pushed[-1].post_id
            ids.update(
                post.post_id
                for post in pushed
                if belongs_in_home(
                    owner_id, post.author_id, post.visibility, post.mentioned_ids
                )
            )
        return _Wanted({i for i in ids if i >= floor}, floor)

    def _retire(self, owner: str) -> None:
        """Mark what fell out of use, once readers that know it must have ended."""
        bucket = self._timelines.find_open(owner)
        if bucket is not None:
            grace = at(self._clock() + round(BUCKET_GRACE_S * 1000))
            self._timelines.expire_buckets(bucket, grace)

    def _drop(self, keys_of: Callable[..., Iterable[CacheKey]], owner: str) -> None:
        self._fence.drop(keys_of(owner_id=user_of(owner)))

    @contextmanager
    def _lease(self, owner: str) -> Iterator[UpkeepLease | None]:
        holder, now = secrets.token_hex(8), self._clock()
        lease = self._timelines.take(owner, holder, at(now), at(now + LEASE_MS))
        if lease is None:
            yield None
            return
        try:
            yield lease
        finally:
            self._timelines.release(owner, holder)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a home must store, from `known_from` on; below it more may be wanted."""

    ids: set[int]
    known_from: int
