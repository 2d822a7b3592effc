"""Invalidate cached keys so that no acknowledged write is followed by an older read.

An invalidation that Redis does not confirm is replaced by the fence in MongoDB: its
epoch, which every cached entry and every lease carries, is raised, and the writer waits
until all older leases have expired. `tests/protocol` checks that this holds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.cache.keys import Debounced
from kwip.services.coherence.cache_lease import new_deployment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kwip.cache.entity_cache import CacheLease
    from kwip.cache.keys import Invalidation
    from kwip.services.coherence.cache_lease import LeaseRenewer, Sighting
    from kwip.store.fence import FenceState, FenceStore

log = structlog.get_logger()


class Fence:
    """The only way to invalidate cached keys, and the right to read them.

    Each cache node holds a full copy that other processes read, so an invalidation goes
    to all of them. A node that does not answer is suspended, and the others go on.

    Args:
        store: The fence of the node that this process reads, through the client that
            the process writes with.
        lease_renewer: Keeps its lease; knows the cache and the durations.
        others: The same of every other node.
        sleep: Waits for seconds.
    """

    def __init__(
        self,
        store: FenceStore,
        lease_renewer: LeaseRenewer,
        *,
        others: Sequence[tuple[FenceStore, LeaseRenewer]] = (),
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._lease_renewer = lease_renewer
        self._nodes = [
            _Node(store, lease_renewer),
            *(_Node(*other) for other in others),
        ]
        self._clock = lease_renewer.clock
        self._sleep = sleep

    def lease(self) -> CacheLease | None:
        """Return the right to use the cache, if this process has it now; no I/O."""
        return self._lease_renewer.watch.lease()

    def outage_lease(self) -> CacheLease | None:
        """Return the right to read old public pages while there is no primary; no I/O.

        None at any other time.
        """
        return self._lease_renewer.watch.outage_lease()

    def deployment(self) -> str | None:
        """Return the database's name in Redis, None while it is unknown; no I/O."""
        return self._lease_renewer.watch.deployment

    def emojis_version(self) -> str | None:
        """Return the version of the custom emoji, None while it is unknown; no I/O."""
        return self._lease_renewer.watch.emojis_version

    def site_version(self) -> int | None:
        """Return how often the settings were changed, None without a lease; no I/O."""
        return self._lease_renewer.watch.site_version

    def await_lease(self, within_s: float) -> bool:
        """Wait for this process's first lease; return whether it came."""
        return self._lease_renewer.watch.await_lease(within_s)

    def invalidate(self, keys: Iterable[Invalidation]) -> None:
        """Invalidate keys after a commit; return when nobody can read their old values.

        Debounced keys may still be read until their debounce time is over. One round
        trip per node. When Redis does not confirm it: about 3 s for the first write of
        an outage, one read of the fence for later ones, and nothing if all of the keys
        are debounced, since the fence is not raised over values that may lag.

        Raises:
            StoreUnavailableError: Neither a cache nor its fence answered; the write
                stands, but must not be acknowledged.
        """
        invalidated = _each_once(keys)
        if invalidated:
            self._wait_until(node.invalidate(invalidated) for node in self._nodes)

    def end_all(self) -> None:
        """Make everything that is cached a miss for everyone; about 3 s.

        Works like an unconfirmed invalidation: the epochs are raised, and a cache is
        used again once probes of it succeed.

        Raises:
            StoreUnavailableError: A fence did not answer.
        """
        self._wait_until(node.suspend() for node in self._nodes)

    def outlast_leases(self) -> None:
        """Wait until every lease from before this call has expired; 2.4 s.

        Then every process that has one has read the fence since.
        """
        self._sleep(self._lease_renewer.times.wait_s)

    def beat_stream(self) -> None:
        """Show readers of every node that the change stream keeps up; a write for each.

        Raises:
            StoreUnavailableError: A fence did not answer.
        """
        for node in self._nodes:
            node.beat_stream()

    def _wait_until(self, moments: Iterable[float]) -> None:
        """Wait for the latest of some moments, computed one after the other."""
        rest_s = max(list(moments)) - self._clock()
        if rest_s > 0:
            self._sleep(rest_s)


class _Node:
    """One cache node, as a writer sees it."""

    def __init__(self, store: FenceStore, lease_renewer: LeaseRenewer):
        self._store = store
        self._lease_renewer = lease_renewer
        self._objects = lease_renewer.objects
        self._wait_s = lease_renewer.times.wait_s

    def invalidate(self, invalidated: Sequence[Invalidation]) -> float:
        """Invalidate keys here; return the moment from which nobody reads them."""
        may_lag = all(isinstance(each, Debounced) for each in invalidated)
        watch = self._lease_renewer.watch
        lease = watch.lease()
        if lease is None:
            # What the lease renewer last saw is only a hint: read the fence after the
            # commit.
            seen = watch.saw(self._look())
            if seen.state.suspended:
                return 0.0 if may_lag else self._leases_end(seen)
            deployment = seen.state.deployment
        else:
            deployment = lease.deployment
        if self._objects.invalidate_confirmed(deployment, invalidated):
            return 0.0
        if may_lag:
            log.warning("cache_debounced_invalidation_lost", keys=len(invalidated))
            return 0.0
        return self.suspend(len(invalidated))

    def suspend(self, keys: int = 0) -> float:
        """Raise the epoch here; return when every older lease has expired."""
        watch = self._lease_renewer.watch
        seen = watch.saw(self._store.suspend(watch.name))
        telemetry.CACHE_EPOCH_RAISES.inc()
        log.warning("cache_fence_raised", epoch=seen.state.epoch, keys=keys)
        return self._leases_end(seen)

    def beat_stream(self) -> None:
        """Show that the change-stream invalidator keeps up."""
        self._store.beat_stream()

    def _look(self) -> FenceState:
        return self._store.read() or self._store.ensure(new_deployment())

    def _leases_end(self, seen: Sighting) -> float:
        return seen.known_at + self._wait_s


def _each_once(keys: Iterable[Invalidation]) -> tuple[Invalidation, ...]:
    """Leave out duplicates, and debounced keys that are also invalidated at once."""
    each = dict.fromkeys(keys)
    return tuple(
        key for key in each if not (isinstance(key, Debounced) and key.key in each)
    )
