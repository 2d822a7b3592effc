"""Keep this process's lease on the cache, and resume the cache after an outage.

A thread in each process reads the fence every 900 ms, outside any request. From the
start of that read, the process may use the cache for 2 s of its own clock, under the
epoch that it read. The clock is CLOCK_BOOTTIME, which keeps running while the machine
sleeps.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.cache.entity_cache import CacheLease
from kwip.domain.errors import StoreUnavailableError
from kwip.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.cache.entity_cache import EntityCache
    from kwip.store.fence import FenceState, FenceStore

log = structlog.get_logger()

_RANDOM_BYTES = 8


def boot_clock() -> float:
    """Return the seconds since the machine booted, including sleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def new_deployment() -> str:
    """Draw the name under which a database's keys are cached."""
    return secrets.token_hex(_RANDOM_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceTimes:
    """All durations of the fence, in seconds.

    `wait_s` must exceed `lease_s` by more than the rates of two clocks may differ
    (10 %), and `takeover_s` must be several `beat_s`.

    Attributes:
        period_s: Between two reads of the fence by a lease renewer; two fit in a lease.
        lease_s: How long one read grants the right to use the cache.
        wait_s: How long a writer waits until every older lease has expired.
        probe_gap_s: Between the three probes that must work before the cache resumes.
        beat_s: Between two heartbeats of the process that suspended the cache.
        takeover_s: After this long without such a heartbeat, any lease renewer takes
            over.
        unfollow_s: After this long without a heartbeat of the change-stream
            invalidator, what was cached while it ran is invalidated. Longer than
            another one needs to take over.
    """

    period_s: float = 0.9
    lease_s: float = 2.0
    wait_s: float = 2.4
    probe_gap_s: float = 0.3
    beat_s: float = 2.0
    takeover_s: float = 10.0
    unfollow_s: float = 30.0

    def scaled(self, factor: float) -> FenceTimes:
        """Return all times multiplied by `factor`; tests use a tenth."""
        return FenceTimes(
            period_s=self.period_s * factor,
            lease_s=self.lease_s * factor,
            wait_s=self.wait_s * factor,
            probe_gap_s=self.probe_gap_s * factor,
            beat_s=self.beat_s * factor,
            takeover_s=self.takeover_s * factor,
            unfollow_s=self.unfollow_s * factor,
        )


PROBES = 3
#: How old public pages may be while there is no primary: nobody can write then, unless
#: only this process cannot reach it.
OUTAGE_S = 30.0


@dataclass(frozen=True, slots=True)
class Sighting:
    """A state of the fence, and when this process learnt that it is suspended."""

    state: FenceState
    known_at: float


@dataclass(frozen=True, slots=True)
class _Held:
    lease: CacheLease
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseRenewer:
    """The lease renewer of the current process: each pid has its own.

    So it also works after a fork, where the parent's threads do not exist.

    Attributes:
        connect: Makes the lease renewer's own client; called once per process.
        objects: The cache, to probe it.
        times: The durations.
        clock: Seconds; keeps running while the machine sleeps.
        is_read: Whether this process reads from the node, or only invalidates keys
            there.
        name: Names its loop.
    """

    connect: Callable[[], FenceStore]
    objects: EntityCache
    times: FenceTimes
    clock: Callable[[], float] = boot_clock
    is_read: bool = True
    name: str = "lease_renewer"
    _watches: dict[int, Watch] = field(default_factory=dict, init=False)

    @property
    def watch(self) -> Watch:
        """This process's watch over the fence, started if necessary."""
        pid = os.getpid()
        watch = self._watches.get(pid)
        if watch is None:
            mine = Watch(self)
            watch = self._watches.setdefault(pid, mine)
            if watch is mine:
                watch.loop.start()
        return watch

    def stop(self) -> None:
        """End this process's thread and close its client."""
        watch = self._watches.pop(os.getpid(), None)
        if watch is not None:
            watch.stop()


class Watch:
    """One process's view of the fence and its lease, kept current by a thread.

    `name` identifies the process in the fence if it suspends the cache.
    """

    def __init__(self, renewer: LeaseRenewer):
        self.name = secrets.token_hex(_RANDOM_BYTES)
        self._renewer = renewer
        self._times = renewer.times
        self._clock = renewer.clock
        self._held: _Held | None = None
        self._is_blind = False
        self._seen: Sighting | None = None
        self._recovery = _Recovery(self.name, renewer)
        self._counted_until = renewer.clock()
        self._stream_beat, self._stream_moved_at = -1, 0.0
        self._counting = threading.Lock()
        self._has_lease = threading.Event()
        self._fence: FenceStore | None = None
        self.loop = Loop(renewer.name, self._work)

    def lease(self) -> CacheLease | None:
        """Return the current lease; no I/O."""
        held, now = self._held, self._clock()
        if held is None or now >= held.until:
            # Here as well, so that it is counted while the loop is stuck.
            self._count_time_without_lease(now)
            return None
        return held.lease

    def outage_lease(self) -> CacheLease | None:
        """Return the last lease for 30 s more if the fence cannot be read; no I/O.

        Only for what everybody may see: it may be older than an acknowledged write.
        """
        held = self._held
        is_within = held is not None and self._clock() < held.until + OUTAGE_S
        return held.lease if held and self._is_blind and is_within else None

    @property
    def deployment(self) -> str | None:
        """The database's name in Redis, once the fence was read; no I/O."""
        return None if self._seen is None else self._seen.state.deployment

    @property
    def emojis_version(self) -> str | None:
        """The version of the custom emoji, once the fence was read; no I/O."""
        return None if self._seen is None else self._seen.state.emojis_version

    @property
    def site_version(self) -> int | None:
        """How often the site's settings were changed; None without a lease; no I/O.

        At least as new as the lease: it was read with it or after it.
        """
        lease, seen = self.lease(), self._seen
        return None if lease is None or seen is None else seen.state.site_version

    def await_lease(self, within_s: float) -> bool:
        """Wait for this process's first lease; return whether it came."""
        return self._has_lease.wait(within_s)

    def saw(self, state: FenceState) -> Sighting:
        """Note the fence's state; a suspended cache ends the lease at once.

        Returns it with the moment since when this process knows it.
        """
        known = self._seen
        seen = Sighting(state, self._clock())
        if known is not None and known.state.deployment == state.deployment:
            if state.epoch < known.state.epoch:
                return seen  # read before the state that is known
            if known.state.suspended and known.state.epoch == state.epoch:
                seen = replace(seen, known_at=known.known_at)
            if state.site_version < known.state.site_version:  # read before it, too
                newer = replace(state, site_version=known.state.site_version)
                seen = replace(seen, state=newer)
        self._seen = seen
        if state.suspended:
            self._held = None
        return seen

    def stop(self) -> None:
        """End the loop; the lease ends with it."""
        self.loop.stop()
        self._held = None
        if self._fence is not None:
            self._fence.close()

    def _work(self, _loop: Loop) -> float:
        self._fence = self._fence or self._renewer.connect()
        return self._look(self._fence)

    def _look(self, fence: FenceStore) -> float:
        """Read the fence once; return the seconds until the next time."""
        began = self._clock()
        self._count_time_without_lease(began)
        pause_s = self._times.period_s
        try:
            state = fence.read() or fence.ensure(new_deployment())
            self._is_blind = False
            if self.saw(state).state.suspended:
                pause_s = self._recovery.tend(fence, state, began)
            elif self._is_newest(state):
                self._hold(self._lease_of(state), began)
                self._watch_change_stream(fence, state, began)
        except StoreUnavailableError as error:
            self._is_blind = True
            log.warning("cache_fence_unreadable", **error.context)
        return max(0.0, began + pause_s - self._clock())

    @staticmethod
    def _lease_of(state: FenceState) -> CacheLease:
        return CacheLease(state.deployment, state.epoch, state.is_followed)

    def _watch_change_stream(
        self, fence: FenceStore, state: FenceState, now: float
    ) -> None:
        """Invalidate what was cached under an invalidator that was silent too long."""
        if not state.is_followed or state.stream_beat != self._stream_beat:
            self._stream_beat, self._stream_moved_at = state.stream_beat, now
        elif now - self._stream_moved_at >= self._times.unfollow_s:
            log.warning("cache_stream_missing", epoch=state.epoch)
            fence.end_stream(state)

    def _is_newest(self, state: FenceState) -> bool:
        return self._seen is not None and self._seen.state == state

    def _hold(self, lease: CacheLease, began: float) -> None:
        # From the start of the read: the fence may have changed right after.
        self._held = _Held(lease, began + self._times.lease_s)
        self._has_lease.set()

    def _count_time_without_lease(self, now: float) -> None:
        with self._counting:
            held = self._held
            leased_until = min(held.until, now) if held else self._counted_until
            without = now - max(leased_until, self._counted_until)
            self._counted_until = max(now, self._counted_until)
        if without > 0 and self._renewer.is_read:
            telemetry.CACHE_WITHOUT_LEASE.inc(without)


class _Recovery:
    """Bring a suspended cache back, if this process is the owner.

    The owner is the process that suspended it. The others watch its heartbeat.
    """

    def __init__(self, name: str, renewer: LeaseRenewer):
        self._name = name
        self._objects = renewer.objects
        self._times = renewer.times
        self._state: FenceState | None = None
        self._moved_at = 0.0
        self._beaten_at = 0.0
        self._probes = 0

    def tend(self, fence: FenceStore, state: FenceState, now: float) -> float:
        """Do what is due; return the seconds until the next time.

        The owner: one probe each time, `resume` after three successful ones in a row.
        The others: take over when the owner has been silent for too long.
        """
        if state.owner == self._name:
            return self._restore(fence, state, now)
        self._probes = 0
        if state != self._state:
            self._state, self._moved_at = state, now
        elif now - self._moved_at >= self._times.takeover_s:
            log.warning("cache_fence_taken_over", epoch=state.epoch)
            fence.take_over(state, self._name)
        return self._times.period_s

    def _restore(self, fence: FenceStore, state: FenceState, now: float) -> float:
        if now - self._beaten_at >= self._times.beat_s:
            self._beaten_at = now
            fence.beat(state)
        works = self._objects.probe(state.deployment, self._name)
        self._probes = self._probes + 1 if works else 0
        if self._probes >= PROBES:
            self._probes = 0
            if fence.resume(state):
                log.info("cache_fence_resumed", epoch=state.epoch)
                return 0.0
        return self._times.probe_gap_s
