"""Deliver posts into the homes of followers, resumable at every step.

A post is its own outbox. A worker leases it, reads its author's audience, decides
whether it is pushed or pulled, notifies the users that it addresses, and puts it into
the index of search. To push, it goes through the author's followers in chunks: push,
seal what is full, invalidate the cached homes, move the cursor; then the same for the
lists that hold the author. To pull, it only records the author, whose posts readers
merge. Last come the subscribers, so that no home has to wait for them. Each step may be
repeated; none may be left out. The lease's owner guards every step, so a worker that
was stopped for too long cannot move a cursor that another one has taken over.

Users who follow after the audience was read are covered by the backfill: it takes every
post that is not known to be pulled, and the post was stored before.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import structlog

from kwip import telemetry
from kwip.domain.clock import at, to_ms
from kwip.domain.ids import MAX_ID, NOBODY, UserId, ms_of
from kwip.domain.posting.posts import Visibility
from kwip.services.delivery.publication import bump
from kwip.services.delivery.signals import (
    PUBLIC,
    SWEEP_AFTER_MS,
    home_topic,
    pulled_topic,
)
from kwip.store.timelines.buckets import home_of

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.compaction import Compactor
    from kwip.services.delivery.list_fanout import ListFanout
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.delivery.pull_authors import PullAuthors
    from kwip.services.delivery.search_index import SearchIndex
    from kwip.services.delivery.signals import Signal
    from kwip.services.reading.stores import Stores
    from kwip.store.delivery.outbox import DeliveryLease, Held, OutboxStore
    from kwip.store.social.edges import EdgeStore

log = structlog.get_logger()

#: A post whose id is this much older than its insert was imported with its own date;
#: its lag means nothing.
BACKDATED_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FanoutLimits:
    """How much fan-out does at once, and how often and when it retries.

    `chunk` is how many followers are read and pushed to together.
    """

    chunk: int = 1_000
    lease_ms: int = 30_000
    max_attempts: int = 8
    retry_min_ms: int = 1_000
    retry_max_ms: int = 300_000


class LeaseLostError(Exception):
    """Another worker has taken over some of the posts, or one was deleted: stop."""


@dataclass(frozen=True, slots=True)
class _Place:
    """How far a delivery has come in the circle of followers."""

    cursor: int
    has_wrapped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fanout:
    """Deliver what the outbox holds."""

    stores: Stores
    outbox: OutboxStore
    edges: EdgeStore
    compactor: Compactor
    pull_authors: PullAuthors
    lists: ListFanout
    notifier: Notifier
    search_index: SearchIndex
    fence: Fence
    signal: Signal
    clock: ClockMs
    rng: random.Random
    limits: FanoutLimits

    def begin(self, post_id: PostId) -> DeliveryLease | None:
        """Lease a post, and what waits with it; None if there is nothing to do.

        A post that has been tried too often becomes a dead letter here.

        Raises:
            UnreadableError: Let what it holds fail.
        """
        now = self.clock()
        lease = self.outbox.lease(
            post_id,
            secrets.token_hex(8),
            at(now),
            at(now + self.limits.lease_ms),
            self.limits.chunk,
        )
        if lease is not None and lease.attempts > self.limits.max_attempts:
            self.outbox.give_up(lease, "dead", at(now))
            telemetry.JOBS.labels("fanout", "dead").inc()
            return None
        return lease

    def deliver(self, lease: DeliveryLease) -> int:
        """Deliver leased posts to everyone they are for; count the deliveries.

        Raises:
            LeaseLostError: Another worker goes on; nothing is left to do here.
            StoreUnavailableError: Give the lease up, so that another worker can go on.
        """
        if not lease.mode:
            lease = self._choose(lease)
        if lease.last_notified is None and self.notifier.notify(lease.posts):
            self._note_notified(lease, NOBODY)
        self.search_index.put(lease.posts)
        delivered = self._pull(lease) if lease.mode == "pull" else self._push_all(lease)
        if lease.audience.has_subscribers:
            above = UserId(lease.last_notified or NOBODY)
            for last in self.notifier.notify_subscribers(lease.posts, above):
                self._note_notified(lease, last)
        # The web process may have died before it bumped the conversation.
        bumped = [
            key for post in lease.posts for key in bump(self.stores.activity, post)
        ]
        self.fence.invalidate(bumped)
        if self._is_late(lease) and any(post.is_listed for post in lease.posts):
            # Nor may it have signalled the open public pages.
            self.signal([PUBLIC])
        if not self.outbox.finish(lease):
            raise LeaseLostError
        self._observe(lease, delivered)
        return delivered

    def _is_late(self, lease: DeliveryLease) -> bool:
        """Return whether the sweeper may have had to enqueue one of the posts."""
        return self.clock() - to_ms(min(lease.enqueued_at)) >= SWEEP_AFTER_MS

    def let_go(self, lease: DeliveryLease) -> None:
        """Give up what is left of a lease that was lost for some of its posts.

        A deleted post must not delay those that were leased with it.
        """
        self.outbox.give_up(lease, "pending", at(self.clock()))

    def fail(self, lease: DeliveryLease | Held) -> Literal["retry", "dead"]:
        """Give a lease up after an error, to be retried later, or dead."""
        now, attempts = self.clock(), self.outbox.attempts(lease)
        if attempts >= self.limits.max_attempts:
            self.outbox.give_up(lease, "dead", at(now))
            return "dead"
        longest = self.limits.retry_min_ms << (attempts - 1)
        wait = min(longest, self.limits.retry_max_ms) * self.rng.uniform(0.5, 1.0)
        self.outbox.give_up(lease, "pending", at(now + round(wait)))
        return "retry"

    def _choose(self, lease: DeliveryLease) -> DeliveryLease:
        """Decide whether the posts are pushed, and at which follower to start.

        This is stored with the first step of progress, so a worker that takes over
        before decides again; homes may then store posts that are also pulled, which
        readers see once. Large audiences start at a random follower, so that nobody is
        always last.
        """
        followers = lease.audience.followers_count
        mode, start = self.pull_authors.choose(lease.posts[-1], followers), 0
        if mode == "push" and followers > self.limits.chunk:
            low, high = self.edges.follower_bounds(lease.author_id)
            start = low + round((high - low) * self.rng.random())
        return replace(lease, mode=mode, start=start)

    def _pull(self, lease: DeliveryLease) -> int:
        """Let readers of homes merge the posts, and signal those who wait for them.

        Must come before the posts count as delivered. It is stored first, so that from
        here on no home stores the posts.
        """
        self._advance(lease)
        self.pull_authors.add(lease.posts[-1])
        self.signal([pulled_topic(lease.author_id)])
        return 0

    def _push_all(self, lease: DeliveryLease) -> int:
        """Push the posts chunk by chunk, from where the lease stands; count them.

        Deliveries to lists are not counted.
        """
        delivered = 0
        for owners, place in self._chunks(lease):
            delivered += self._push(lease, owners)
            if place is not None:
                log.info(
                    "chunk_delivered",
                    post_ids=[str(each) for each in lease.ids],
                    owners=len(owners),
                )
                self._advance(lease, cursor=place.cursor, has_wrapped=place.has_wrapped)
        if lease.audience.is_in_lists:
            for last_list in self.lists.deliver(lease.posts, lease.listed):
                self._advance(lease, listed=last_list)
        return delivered

    def _note_notified(self, lease: DeliveryLease, last: UserId) -> None:
        """Record the last subscriber that was notified, NOBODY if none was yet.

        If the lease was lost because a post was deleted, that deletion may have missed
        notifications that were not written yet.
        """
        try:
            self._advance(lease, last_notified=last)
        except LeaseLostError:
            self.notifier.retract_deleted(lease.posts)
            raise

    def _chunks(
        self, lease: DeliveryLease
    ) -> Iterator[tuple[list[UserId], _Place | None]]:
        """Iterate the owners in chunks, from where the lease stands.

        Each chunk comes with the place after it, None after the last. The author is in
        the first chunk.
        """
        start = lease.start
        owners = [lease.author_id] if lease.cursor is None else []
        if lease.posts[0].visibility is Visibility.DIRECT:
            named = sorted(lease.posts[0].mentioned_ids)
            yield owners + self.edges.followers_among(lease.author_id, named), None
            return
        place: _Place | None = _Place(
            start if lease.cursor is None else lease.cursor, lease.has_wrapped
        )
        if lease.cursor is None and not start:
            first = list(lease.audience.followers)
            is_full = len(first) == self.limits.chunk
            place = _Place(first[-1], has_wrapped=False) if is_full else None
            yield owners + first, place
            owners = []
        while place is not None:
            found, place = self._next_chunk(lease.author_id, start, place)
            yield owners + found, place
            owners = []

    def _next_chunk(
        self, author_id: UserId, start: int, place: _Place
    ) -> tuple[list[UserId], _Place | None]:
        """Read the next chunk of followers after a place, wrapping around at the end.

        The circle runs from `start` (exclusive) up to the highest follower, and then
        from the lowest one up to `start`.
        """
        limit = self.limits.chunk
        found: list[UserId] = []
        if not place.has_wrapped:
            found = self.edges.followers(
                author_id, above=place.cursor, upto=MAX_ID, limit=limit
            )
            if len(found) == limit:
                return found, _Place(found[-1], has_wrapped=False)
            place = _Place(0, has_wrapped=True)
        if place.cursor >= start:
            return found, None
        rest = limit - len(found)
        found += self.edges.followers(
            author_id, above=place.cursor, upto=start, limit=rest
        )
        is_full = len(found) == limit
        return found, _Place(found[-1], has_wrapped=True) if is_full else None

    def _push(self, lease: DeliveryLease, owner_ids: list[UserId]) -> int:
        """Push the posts to one chunk of owners, invalidate, and signal."""
        owners = [home_of(owner_id) for owner_id in owner_ids]
        pushed = self.compactor.deliver(owners, lease.ids) * len(lease.ids)
        self.signal([home_topic(owner_id) for owner_id in owner_ids])
        return pushed

    def _advance(self, lease: DeliveryLease, **progress: object) -> None:
        until = at(self.clock() + self.limits.lease_ms)
        if not self.outbox.advance(lease, until, **progress):
            raise LeaseLostError

    def _observe(self, lease: DeliveryLease, delivered: int) -> None:
        now = self.clock()
        telemetry.DELIVERIES.inc(delivered)
        for post, enqueued_at in zip(lease.posts, lease.enqueued_at, strict=True):
            made_ms = ms_of(post.id)
            if to_ms(enqueued_at) - made_ms < BACKDATED_MS:
                telemetry.FANOUT_LAG.observe(max(0.0, (now - made_ms) / 1000))
