"""Hibernate the homes of users who stopped reading, and rehydrate them.

A hibernating user has no home and costs no deliveries. When they come back they read by
fan-in at once, without noticing, until the home is built. One lease covers both
directions, so they never mix; the sweeper enqueues whatever was left undone.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.timelines.timelines import BUCKET_GRACE_S
from kwip.store.timelines.buckets import home_of

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.compaction import Compactor
    from kwip.services.delivery.home_backfill import HomeBackfill
    from kwip.services.delivery.signals import Enqueue
    from kwip.store.delivery.hibernation import HibernationStore, HomeState
    from kwip.store.timelines.timelines import CompactionLease

#: The jobs of this module; queues and metrics know them by these names.
NOTE_READ, HIBERNATE = "seen", "rest"
DAY_MS = 86_400_000
#: A read is noted at most this often, in milliseconds.
NOTED_MS = 3_600_000
#: A missing home is enqueued again after this long.
MISSED_MS = 10_000
#: How many readers a process remembers, at 150 bytes each.
REMEMBERED = 20_000
#: The largest difference between two machines' clocks, in milliseconds.
CLOCKS_MS = 10_000
#: How often the sweeper looks for unread homes, and how many it takes at a time.
LOOK_MS, AT_ONCE = 60_000, 200


class HomeReads:
    """Report who reads home to the worker, at most once an hour per reader.

    It runs on every read of home, so it only enqueues.
    """

    def __init__(self, enqueue: Enqueue, clock: ClockMs):
        self._enqueue = enqueue
        self._clock = clock
        self._enqueued_at: OrderedDict[UserId, int] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, user_id: UserId, *, has_home: bool) -> None:
        """Note that a user reads home; sooner again if the home is missing."""
        if self._is_due(user_id, NOTED_MS if has_home else MISSED_MS):
            self._enqueue(NOTE_READ, str(user_id))

    def _is_due(self, user_id: UserId, pause_ms: int) -> bool:
        now = self._clock()
        with self._lock:
            if now - self._enqueued_at.get(user_id, -NOTED_MS) < pause_ms:
                return False
            self._enqueued_at[user_id] = now
            self._enqueued_at.move_to_end(user_id)
            if len(self._enqueued_at) > REMEMBERED:
                self._enqueued_at.popitem(last=False)
        return True


@dataclass(slots=True, kw_only=True, eq=False)
class Hibernation:
    """Hibernate homes that nobody has read for `after_days`, and rehydrate them.

    Methods return False if another worker holds the lease: the job is retried later.
    """

    store: HibernationStore
    compactor: Compactor
    home_backfill: HomeBackfill
    fence: Fence
    clock: ClockMs
    after_days: int
    _next_look: int = field(default=0, init=False)

    def overdue(self) -> list[UserId]:
        """Return users whose homes must be hibernated or finished, once in `LOOK_MS`.

        A home without a time of its last read counts as read when it is first found
        here.
        """
        now = self.clock()
        if now < self._next_look:
            return []
        self._next_look = now + LOOK_MS
        self.store.date_undated(at(now), AT_ONCE)
        idle = self.store.idle_since(at(now - self.after_days * DAY_MS), AT_ONCE)
        return [*self.store.unfinished(at(now), AT_ONCE), *idle]

    def note_read(self, user_id: UserId) -> bool:
        """Note that a user has read home, and build it if there is none."""
        now = self.clock()
        if self.store.touch(user_id, at(now), at(now - NOTED_MS)):
            return True
        standing = self.store.find(user_id)
        if standing is not None and standing.state == "ok":
            return True
        if standing is not None and standing.state == "dropping":
            self._hibernate_home(user_id)
        # Read only now, after the old home was found to be gone; clocks may differ a
        # bit.
        self.store.create(user_id, at(now), epoch=self.clock() + CLOCKS_MS)
        return self._build(user_id)

    def hibernate(self, user_id: UserId) -> bool:
        """Hibernate a home that nobody has read, or finish what was left undone."""
        standing = self.store.find(user_id)
        if standing is not None and standing.state == "building":
            return self._build(user_id)
        return self._hibernate_home(user_id)

    def _hibernate_home(self, user_id: UserId) -> bool:
        with self.compactor.lease(home_of(user_id)) as lease:
            standing = self.store.find(user_id)
            if lease is None or standing is None:
                return standing is None
            if standing.state == "building":
                return False
            held = self._begin_hibernation(lease, standing)
            if held is None:
                return True
            # From here on readers are served by fan-in, also those with a cached home.
            self.fence.invalidate(invalidation_rules.hibernate(owner=lease.owner))
            self.store.set_active(user_id, held.term, is_active=False)
            grace = at(self.clock() + round(BUCKET_GRACE_S * 1000))
            return self.store.remove(held, grace)

    def _begin_hibernation(
        self, lease: CompactionLease, standing: HomeState
    ) -> CompactionLease | None:
        """Begin if the home has not been read for long, or continue what was begun.

        The highest term decides the state of an edge. The term is the time, so it is
        above that of all follows since the user last came back; a worker that takes
        over has a higher one, and so has the next home.
        """
        if standing.state == "dropping":
            return lease
        now, read_at = self.clock(), standing.last_read_at
        if read_at is None or read_at >= at(now - self.after_days * DAY_MS):
            return None
        return self.store.begin_hibernation(lease, read_at, term=now)

    def _build(self, user_id: UserId) -> bool:
        """Fill a home that was created empty, now that fan-out delivers into it again.

        A post whose fan-out read its audience before that has its mode recorded, so it
        is among what is read here.
        """
        with self.compactor.lease(home_of(user_id)) as lease:
            standing = self.store.find(user_id)
            state = None if standing is None else standing.state
            if lease is None or state != "building":
                return state == "ok"
            self.store.set_active(user_id, lease.term, is_active=True)
            if not self.home_backfill.build(lease, user_id):
                return False
            is_done = self.store.finish(lease)
            self.fence.invalidate(invalidation_rules.rehydrate(owner=lease.owner))
            return is_done
