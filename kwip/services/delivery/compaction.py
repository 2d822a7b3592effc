"""Rearrange one stored timeline, a home or a list's, under its compaction lease.

Every write is conditional on the lease, except delivery, which goes on at the same
time. `home_backfill` and `list_backfill` decide whose posts a timeline holds.
"""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.timelines.timelines import (
    AUTHORS_PER_QUERY,
    BUCKET_GRACE_S,
    TRIM_ABOVE,
    TRIM_TO,
    belongs_in_home,
    looks_for_full,
    plan_buckets,
    raised_floor,
)
from kwip.store.timelines.buckets import bucket_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId, UserId
    from kwip.services.coherence.fence import Fence
    from kwip.store.posting.posts import PostStore
    from kwip.store.timelines.buckets import Stored
    from kwip.store.timelines.timelines import CompactionLease, TimelineStore

#: How long one step of compaction may hold its lease.
LEASE_MS = 60_000
#: How often a compare-and-set that lost against a delivery is repeated.
TRIES = 5


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a timeline must store from `known_from` on; there may be more below it."""

    ids: set[int]
    known_from: int


@dataclass(frozen=True, slots=True)
class Compactor:
    """Add posts to a timeline, remove them, replace all of them, trim it.

    Each method returns False if the lease is lost or a race was lost too often.
    """

    timelines: TimelineStore
    posts: PostStore
    fence: Fence
    clock: ClockMs

    def deliver(self, owners: Sequence[str], ids: Sequence[PostId]) -> int:
        """Push posts into timelines and invalidate them; count the changed timelines.

        It needs no lease. Now and then full buckets are sealed, and timelines that are
        too long are trimmed.
        """
        changed = self.timelines.push(owners, ids)
        if looks_for_full(ids) and (sealed := self.timelines.seal_full(owners)):
            self.trim(sealed)
        self.fence.invalidate(invalidation_rules.deliver(owners=owners))
        return changed

    @contextmanager
    def lease(self, owner: str) -> Iterator[CompactionLease | None]:
        """Hold the compaction lease; None if it is taken or there is no timeline."""
        holder, now = secrets.token_hex(8), self.clock()
        lease = self.timelines.take(owner, holder, at(now), at(now + LEASE_MS))
        if lease is None:
            yield None
            return
        try:
            yield lease
        finally:
            self.timelines.release(owner, holder)

    def backfill(
        self, lease: CompactionLease, owner_id: UserId, author_id: UserId
    ) -> bool:
        """Add an author's posts; above 800 ids the floor rises."""
        owner, floor = lease.owner, lease.bucket.floor
        wanted = self.wanted(owner_id, [author_id], floor)
        stored = self.timelines.stored(owner)
        if stored is None:
            return True
        both = {*wanted.ids, *stored.ids}
        raised = raised_floor(both, above=TRIM_TO, floor=wanted.known_from)
        if raised > floor and not self.timelines.raise_floor(
            owner, raised, holder=lease.holder
        ):
            return False
        missing = sorted(i for i in wanted.ids - set(stored.ids) if i >= raised)
        if missing and not self.timelines.add(owner, missing, holder=lease.holder):
            return False
        self.timelines.seal_full([owner])
        self.fence.invalidate(invalidation_rules.backfill(owner=owner))
        return True

    def purge(self, lease: CompactionLease, author_id: UserId) -> bool:
        """Remove an author's posts."""
        before = self.timelines.stored(lease.owner)
        if before is None:
            return True
        gone = set(self.posts.written_by(author_id, before.ids))
        kept = set(before.ids) - gone
        if gone and not self._swap(lease, before, kept, before.open.floor):
            return False
        self.fence.invalidate(invalidation_rules.purge(owner=lease.owner))
        return True

    def rebuild(self, lease: CompactionLease, before: Stored, wanted: Wanted) -> bool:
        """Replace what was stored `before` with what is wanted."""
        floor = raised_floor(wanted.ids, above=TRIM_TO, floor=wanted.known_from)
        if not self._swap(lease, before, wanted.ids, floor):
            return False
        self.fence.invalidate(invalidation_rules.rebuild(owner=lease.owner))
        return True

    def trim(self, owners: Sequence[str]) -> list[str]:
        """Raise the floor of the owners' timelines that are too long; return which."""
        sizes = self.timelines.sizes(owners)
        return [o for o in owners if sizes.get(o, 0) > TRIM_ABOVE and self._trim(o)]

    def _trim(self, owner: str) -> bool:
        with self.lease(owner) as lease:
            stored = None if lease is None else self.timelines.stored(owner)
            if lease is None or stored is None:
                return False
            floor = raised_floor(stored.ids, above=TRIM_ABOVE, floor=stored.open.floor)
            if not self.timelines.raise_floor(owner, floor, holder=lease.holder):
                return False
            self._retire(owner)
        self.fence.invalidate(invalidation_rules.trim(owner=owner))
        return True

    def wanted(self, owner_id: UserId, authors: Sequence[UserId], floor: int) -> Wanted:
        """Compute which of some authors' posts a timeline of `owner_id` must store.

        One query per 200 authors. Of very many posts only the newest are returned.
        """
        ids: set[int] = set()
        for i in range(0, len(authors), AUTHORS_PER_QUERY):
            pushed = self.posts.pushed_by(
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
        return Wanted({i for i in ids if i >= floor}, floor)

    def _swap(
        self, lease: CompactionLease, before: Stored, ids: Iterable[int], floor: int
    ) -> bool:
        """Replace what a timeline stored `before` with `ids`.

        What arrived meanwhile is carried over: every id that is there at the swap and
        was not before. The new buckets get the lease's term as their epoch, which
        nobody reads until the swap and nobody else ever writes: a worker that was
        stopped past its lease can neither lose an entry nor bring one back.
        """
        chosen = {i for i in ids if i >= floor}
        seal, sealed = plan_buckets(chosen)
        self.timelines.insert_sealed(
            [bucket_document(lease.owner, lease.term, part) for part in sealed]
        )
        known = {*before.ids, *chosen}
        for _ in range(TRIES):
            now = self.timelines.stored(lease.owner)
            if now is None:
                return False
            arrived = sorted(i for i in now.ids if i >= floor and i not in known)
            entries = (*seal.keep, *arrived)
            new = replace(
                now.open,
                entries=entries,
                floor=floor,
                epoch=lease.term,
                sealed_to=sealed[-1][-1] if sealed else 0,
            )
            if self.timelines.replace_open(now.open, new, holder=lease.holder):
                self._retire(lease.owner)
                return True
        return False

    def _retire(self, owner: str) -> None:
        """Mark unused buckets, once readers that know them must have ended."""
        bucket = self.timelines.find_open(owner)
        if bucket is not None:
            grace = at(self.clock() + round(BUCKET_GRACE_S * 1000))
            self.timelines.expire_buckets(bucket, grace)
