"""Read entities for one request: from the cache, else from the store, then fill.

All lookups of one call share a round trip to Redis, one query for each kind that
misses, and one round trip to fill. A `Loader` keeps the lease that it began with, and
remembers what it has read.

A value is at least as new as the last write that was acknowledged before the loader
began, whatever Redis does; after a write, a request begins a new loader. Counts and
newly arrived posts may lag, but never for whoever wrote them: if a cached value may
lack the reader's own write, it is loaded for this reader, while others keep using it.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from kwip.cache.single_flight import BoundedLoads, SingleFlight
from kwip.domain.errors import StoreUnavailableError
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.pages import CachedPage
from kwip.services.reading.identity_map import IdentityMap, count
from kwip.services.reading.kinds import (
    ABSENT,
    UNLOADED,
    Kind,
    Loads,
    Lookup,
    Miss,
    by_kind,
    filling,
    from_primary,
)
from kwip.services.reading.rate_limits import FREE, RequestCharge
from kwip.services.reading.request_cache import RequestCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kwip.cache.entity_cache import CacheLease, EntityCache
    from kwip.cache.single_flight import Flight
    from kwip.domain.ids import UserId
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.kinds import Load

__all__ = ["Kind", "Loader", "Loaders", "Lookup"]

K = TypeVar("K")
V = TypeVar("V")
K2 = TypeVar("K2")
V2 = TypeVar("V2")
K3 = TypeVar("K3")
V3 = TypeVar("V3")

#: How often a refused fill is tried again before the value is used without caching it.
RESTARTS = 4
#: How many posts a query that bypasses the cache counts as.
QUERY_WORK = 20
#: How many loads of a process may run at once without the cache, and how long one may
#: wait for a slot.
DIRECT_LOADS = 16
PATIENCE_S = 0.5


class Loaders:
    """Begin loaders; holds what the threads of a process share.

    Args:
        objects: The cache.
        fence: Hands out the lease.
        secondary_loads: Loads from secondaries, None if that is switched off.
        direct_loads: How many loads may run at once without the cache.
        patience_s: How long such a load may wait for a slot.
    """

    def __init__(
        self,
        objects: EntityCache,
        fence: Fence,
        *,
        secondary_loads: Load | None = None,
        direct_loads: int = DIRECT_LOADS,
        patience_s: float = PATIENCE_S,
    ):
        self.objects = objects
        self.single_flight = SingleFlight[Any]()
        self.bounded_loads = BoundedLoads[Any](direct_loads, patience_s)
        self._fence = fence
        self.secondary_loads = secondary_loads

    def begin(
        self, reader_id: UserId | None = None, request_charge: RequestCharge = FREE
    ) -> Loader:
        """Begin a loader under the current lease; no I/O.

        Its first call to Redis also charges the request. `reader_id` is the reader as
        far as known; it is not proof of identity and gives no access.
        """
        return Loader(self, self._fence.lease(), request_charge, reader_id)

    def begin_read(
        self,
        reader_id: UserId | None,
        request_charge: RequestCharge,
        *,
        from_secondaries: bool = False,
    ) -> Loader:
        """Begin a loader for what a request reads before it writes; no I/O.

        Without a primary, nobody (None) reads for 30 s more what was cached before.
        """
        load = self.secondary_loads if from_secondaries else None
        lease = self._fence.lease()
        old = self._fence.outage_lease() if reader_id is None else None
        if old is None or lease is not None:
            return Loader(self, lease, request_charge, reader_id, load=load)
        return Loader(self, old, request_charge, is_old=True)


class Loader:
    """What one request reads, in one thread.

    Without a lease, or after its first failed call to Redis, it makes no further call
    to Redis and reads from the store, a few loads per process at a time.

    Attributes:
        is_old: Whether what it reads may be older than the last acknowledged write.
    """

    def __init__(
        self,
        shared: Loaders,
        lease: CacheLease | None,
        request_charge: RequestCharge,
        reader_id: UserId | None = None,
        *,
        is_old: bool = False,
        load: Load | None = None,
    ):
        self.is_old = is_old
        self._load = load or from_primary
        self._shared = shared
        self._cache = RequestCache(shared.objects, lease, request_charge, reader_id)
        self._request_charge = request_charge
        self._identities = IdentityMap(self._cache, request_charge)

    def bypass(self) -> None:
        """Note that a store was read directly, without the cache.

        Callers that read around the loader must call this: the answer can then not be
        cached as a page, because nothing would invalidate that part of it.
        """
        self._request_charge.count(QUERY_WORK)
        self._cache.bypass()

    def open(
        self,
        page: str,
        etag: bytes,
        guard: Lookup[Any, Any] | None,
        *others: Lookup[Any, Any],
    ) -> CachedPage | None:
        """Find a cached page; if there is none, read what `warm` would: 1 round trip.

        `page` is its key, `etag` that of the copy at hand or b"". `guard` is the
        credential that the page belongs to, None if it is the same for everyone.

        Raises:
            RateLimitedError: The request exceeds its limit.
        """
        lookups = others if guard is None else (guard, *others)
        asks, targets = self._identities.asks(lookups)
        found = self._cache.open(page, etag, asks, is_guarded=guard is not None)
        if isinstance(found, CachedPage):
            return found
        self._identities.note(targets, found)
        return None

    @property
    def can_keep(self) -> bool:
        """Whether an answer may be cached as a page: all it read is cached, and new."""
        return self._cache.can_keep and not self.is_old

    def keep(self, page: str, etag: bytes, content: bytes) -> None:
        """Cache a page that was made from this loader alone; waits for nothing.

        It is served until one of the entities it was made from is invalidated.
        """
        self._cache.keep(page, etag, content)

    def warm(self, *lookups: Lookup[Any, Any]) -> None:
        """Read from the cache what a later `load` will need; loads nothing.

        One round trip in all, none if everything is known already.

        Raises:
            RateLimitedError: The request exceeds its limit.
        """
        self._warm(lookups, is_guarded=False)

    def _warm(self, lookups: Sequence[Lookup[Any, Any]], *, is_guarded: bool) -> None:
        asks, targets = self._identities.asks(lookups)
        self._identities.note(targets, self._cache.read(asks, is_guarded=is_guarded))

    @overload
    def load(self, a: Lookup[K, V], /) -> tuple[dict[K, V]]: ...
    @overload
    def load(
        self, a: Lookup[K, V], b: Lookup[K2, V2], /
    ) -> tuple[dict[K, V], dict[K2, V2]]: ...
    @overload
    def load(
        self, a: Lookup[K, V], b: Lookup[K2, V2], c: Lookup[K3, V3], /
    ) -> tuple[dict[K, V], dict[K2, V2], dict[K3, V3]]: ...
    @overload
    def load(self, *lookups: Lookup[Any, Any]) -> tuple[dict[Any, Any], ...]: ...
    def load(self, *lookups: Lookup[Any, Any]) -> tuple[dict[Any, Any], ...]:
        """Read entities of some kinds; ids without an entity are left out.

        Warm: one round trip. Cold: one to read, a query per kind, one to fill.

        Raises:
            StoreUnavailableError: A load failed, or too many run without the cache.
            RateLimitedError: As `warm`.
        """
        self.warm(*lookups)
        with Loads(self._shared.single_flight) as loads:
            self._resolve(loads, lookups)
            self._finish(loads)
        self._request_charge.require()
        return tuple(self._identities.pick(lookup) for lookup in lookups)

    def load_guarded(
        self, guard: Lookup[K, V], *others: Lookup[Any, Any]
    ) -> tuple[dict[K, V], *tuple[dict[Any, Any], ...]]:
        """Read as `load` does, but the others only if `guard` (one id) exists.

        The cache is asked for everything at once. Without the guard nothing else is
        loaded or returned, so a forged token cannot make us load anyone's data.

        Raises:
            StoreUnavailableError: As `load`.
            RateLimitedError: As `warm`.
        """
        self._warm((guard, *others), is_guarded=True)
        with Loads(self._shared.single_flight) as loads:
            self._resolve(loads, [guard])
            if loads.joined:  # another thread learns first whether it exists
                self._finish(loads)
            if self._identities.pick(guard):
                self._request_charge.confirm()
                self._resolve(loads, others)
            self._finish(loads)
        self._cache.charge()  # in case other threads have filled all of it
        self._request_charge.require()
        if not self._identities.pick(guard):
            return ({}, *({} for _ in others))
        rest = self.load(*others)  # known by now, unless another thread loads the guard
        return (self._identities.pick(guard), *rest)

    def _resolve(self, loads: Loads, lookups: Sequence[Lookup[Any, Any]]) -> None:
        """Decode the replies; load what is missing and nobody else is loading."""
        misses: dict[tuple[Kind[Any, Any], Any], Miss] = {}
        for lookup in lookups:
            self._identities.take(lookup, misses)
        lease = self._cache.lease
        if lease is None:
            self._load_directly(misses.values())
        elif misses:
            self._load_directly(m for m in misses.values() if not m.generation)
            filled = (m for m in misses.values() if m.generation)
            self._query([m for m in filled if loads.join(m, lease)])

    def _load_directly(self, misses: Iterable[Miss]) -> None:
        """Load without a generation: a few at a time, without filling."""
        for kind, group in by_kind(misses).items():
            self.bypass()
            ids = tuple(miss.id for miss in group)
            load = partial(self._load, {kind: ids})
            loaded = self._shared.bounded_loads.load((kind.name, ids), load)
            if loaded is None:
                raise StoreUnavailableError(
                    lazy_gettext("Kwip is very busy right now. Try again shortly."),
                    retry_after_s=1.0,
                    reason="too many loads without the cache",
                )
            self._settle(group, loaded[0][kind])

    def _query(self, misses: Iterable[Miss]) -> None:
        """Query the store once per kind."""
        if not (groups := by_kind(misses)):
            return
        for kind, group in groups.items():
            self._request_charge.count(kind.weight * len(group))
        found = self._load({k: [miss.id for miss in g] for k, g in groups.items()})
        for kind, group in groups.items():
            self._settle(group, found[kind])

    def _settle(self, group: list[Miss], found: Mapping[Any, Any]) -> None:
        values = self._identities.of(group[0].kind).values
        for miss in group:
            miss.settle(found.get(miss.id, ABSENT))
            values[miss.id] = miss.value

    def _finish(self, loads: Loads) -> None:
        """Fill what was loaded and take what others loaded; retry what failed."""
        for _ in range(RESTARTS):
            unsettled = self._land(loads)
            if not unsettled:
                return
            self._start_over(loads, unsettled)
        unsettled = self._land(loads)
        for kind, group in by_kind(unsettled).items():
            count(kind, "unfilled", len(group))
        self._do_without(unsettled)

    def _land(self, loads: Loads) -> list[Miss]:
        """Fill in one round trip; return what was refused, here or to the leader.

        Our own loads land first; otherwise two threads could wait for each other.
        """
        refused = self._fill(loads.mine)
        loads.land(set(refused))
        orphans = [
            miss for miss, flight in loads.joined if not self._share(miss, flight)
        ]
        loads.joined.clear()
        return refused + orphans

    def _fill(self, loaded: list[Miss]) -> list[Miss]:
        """Fill; return what was refused, nothing if Redis did not answer.

        Refused means invalidated, or filled with a newer value, during the load.
        """
        if not loaded or self._cache.lease is None:
            return []
        stored = self._cache.fill([filling(miss) for miss in loaded])
        return [m for m, is_in in zip(loaded, stored, strict=True) if not is_in]

    def _share(self, miss: Miss, flight: Flight[Any]) -> bool:
        """Take what another thread has loaded and filled; False if it failed."""
        result = flight.wait()
        if result is None:
            return False
        miss.value = self._identities.of(miss.kind).values[miss.id] = result[0]
        self._cache.note_filled(miss.key, miss.generation, miss.version)
        count(miss.kind, "shared", 1)
        return True

    def _start_over(self, loads: Loads, unsettled: list[Miss]) -> None:
        """Read and load again, unless Redis fails meanwhile."""
        lookups: list[Lookup[Any, Any]] = []
        for kind, group in by_kind(unsettled).items():
            count(kind, "refused", len(group))
            lookups.append(Lookup(kind, [miss.id for miss in group]))
            for miss in group:
                self._identities.of(kind).values.pop(miss.id, None)
        self.warm(*lookups)
        if self._cache.lease is None:
            self._do_without(unsettled)
        else:
            self._resolve(loads, lookups)

    def _do_without(self, unsettled: list[Miss]) -> None:
        """Use what was loaded, and load the rest directly: both are new enough."""
        self.bypass()
        self._load_directly(m for m in unsettled if m.value is UNLOADED)
        for miss in unsettled:
            self._identities.of(miss.kind).values[miss.id] = miss.value
