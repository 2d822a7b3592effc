"""Read entities for one request: from the cache, else from the store, then fill.

Whatever is asked for together costs one round trip to Redis, one query of the store
for each kind that misses, and one round trip to fill all of it. A `Reading` holds the
lease that it began with, and remembers what it has read.

Every value is at least as new as the last write acknowledged before the reading
began, whatever Redis does; after a write a request begins a new one.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from kwip import telemetry
from kwip.cache import codec, quotas
from kwip.cache.objects import Ask
from kwip.cache.single_flight import Flights, Turns
from kwip.domain.errors import StoreUnavailableError
from kwip.services.loading import (
    ABSENT,
    UNLOADED,
    Kind,
    Loads,
    Miss,
    Want,
    by_kind,
    filling,
)
from kwip.services.quotas import FREE, Bill

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kwip.cache.objects import Lease, Objects
    from kwip.cache.single_flight import Flight
    from kwip.services.fence import Fence

__all__ = ["Kind", "Reading", "Readings", "Want"]

K = TypeVar("K")
V = TypeVar("V")
K2 = TypeVar("K2")
V2 = TypeVar("V2")
K3 = TypeVar("K3")
V3 = TypeVar("V3")

#: A refused fill starts over so many times; then the value is used but not filled.
RESTARTS = 4
#: Loads of one process that go on at once without the cache, and how long one may
#: wait for its turn.
DIRECT_LOADS = 16
PATIENCE_S = 0.5


class _Seen:
    """What a reading knows of one kind: values, and replies not yet looked at."""

    __slots__ = ("replies", "values")

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}
        self.replies: dict[Any, bytes] = {}

    def unknown(self, ids: Iterable[Any]) -> list[Any]:
        """Give the ids of which nothing is known, each once."""
        values, replies = self.values, self.replies
        return [
            each
            for each in dict.fromkeys(ids)
            if each not in values and each not in replies
        ]


class Readings:
    """Begin readings; holds what the threads of a process share.

    Args:
        objects: The cache.
        fence: Gives the lease.
        direct_loads: How many loads may go on at once without the cache.
        patience_s: How long such a load may wait for its turn.
    """

    def __init__(
        self,
        objects: Objects,
        fence: Fence,
        *,
        direct_loads: int = DIRECT_LOADS,
        patience_s: float = PATIENCE_S,
    ):
        self.objects = objects
        self.flights = Flights[Any]()
        self.turns = Turns[Any](direct_loads, patience_s)
        self._fence = fence

    def begin(self, bill: Bill = FREE) -> Reading:
        """Begin a reading under the lease of this moment; no I/O.

        Its first call to Redis charges the bill.
        """
        return Reading(self, self._fence.lease(), bill)


class Reading:
    """The reading of one request, in one thread.

    Without a lease, and after its first failed call to Redis, it makes no further
    call and reads from the store, a few loads of the process at a time.
    """

    def __init__(self, shared: Readings, lease: Lease | None, bill: Bill):
        self._shared = shared
        self._lease = lease
        self._bill = bill
        self._kinds: dict[Kind[Any, Any], _Seen] = {}
        self.is_all_cached = True

    def bypass(self) -> None:
        """Note that something was asked of a store besides what is cached.

        Whoever reads around this reading must say so: what is made of it cannot be
        kept as a page, for nothing would tell when that part of it changes.
        """
        self.is_all_cached = False

    def warm(self, *wants: Want[Any, Any]) -> None:
        """Read from the cache what a later `fetch` will want; loads nothing.

        One round trip for all of it; none for what is known already.

        Raises:
            RateLimitedError: That round trip charged the bill, and it is too much.
        """
        self._warm(wants, is_guarded=False)

    def _warm(self, wants: Sequence[Want[Any, Any]], *, is_guarded: bool) -> None:
        if self._lease is None:
            self._bill.settle(None)
            return
        asks: list[Ask] = []
        targets: list[tuple[_Seen, Any]] = []
        for want in wants:
            kind, seen = want.kind, self._of(want.kind)
            for each in seen.unknown(want.ids):
                asks.append(Ask(kind.key(each), kind.view(each), kind.ttl_s))
                targets.append((seen, each))
        if not asks:
            return
        charge = self._bill.owed(is_guarded=is_guarded)
        replies = self._shared.objects.read(self._lease, asks, charge)
        if replies is None:
            self._lease = None
            self._bill.settle(None)
            return
        if charge is not None:
            self._bill.settle(quotas.verdict(replies.pop()))
            self._bill.require()
        for (seen, each), reply in zip(targets, replies, strict=True):
            seen.replies[each] = reply

    @overload
    def fetch(self, a: Want[K, V], /) -> tuple[dict[K, V]]: ...
    @overload
    def fetch(
        self, a: Want[K, V], b: Want[K2, V2], /
    ) -> tuple[dict[K, V], dict[K2, V2]]: ...
    @overload
    def fetch(
        self, a: Want[K, V], b: Want[K2, V2], c: Want[K3, V3], /
    ) -> tuple[dict[K, V], dict[K2, V2], dict[K3, V3]]: ...
    @overload
    def fetch(self, *wants: Want[Any, Any]) -> tuple[dict[Any, Any], ...]: ...
    def fetch(self, *wants: Want[Any, Any]) -> tuple[dict[Any, Any], ...]:
        """Read entities of some kinds; ids without an entity are left out.

        Warm: one round trip. Cold: one to read, a query for each kind, one to fill.

        Raises:
            StoreUnavailableError: A load failed, or too many go on without the cache.
            RateLimitedError: As `warm`.
        """
        self.warm(*wants)
        with Loads(self._shared.flights) as loads:
            self._load(loads, wants)
            self._finish(loads)
        self._bill.require()
        return tuple(self._pick(want) for want in wants)

    def fetch_guarded(
        self, guard: Want[K, V], *others: Want[Any, Any]
    ) -> tuple[dict[K, V], *tuple[dict[Any, Any], ...]]:
        """Read as `fetch` does, the others only if `guard` (one id) is found.

        The cache is asked for all of it at once, but without the guard nothing of
        the others is loaded or given: a forged token makes us load nobody's data.

        Raises:
            StoreUnavailableError: As `fetch`.
            RateLimitedError: As `warm`.
        """
        self._warm((guard, *others), is_guarded=True)
        with Loads(self._shared.flights) as loads:
            self._load(loads, [guard])
            if loads.joined:  # another thread knows first whether it is there
                self._finish(loads)
            if self._pick(guard):
                self._bill.confirm()
                self._load(loads, others)
            self._finish(loads)
        self._bill.require()
        if not self._pick(guard):
            return ({}, *({} for _ in others))
        rest = self.fetch(*others)  # known by now, except in a race for the guard
        return (self._pick(guard), *rest)

    def _of(self, kind: Kind[Any, Any]) -> _Seen:
        seen = self._kinds.get(kind)
        if seen is None:
            seen = self._kinds[kind] = _Seen()
        return seen

    def _pick(self, want: Want[Any, Any]) -> dict[Any, Any]:
        values = self._of(want.kind).values
        return {
            each: value
            for each in want.ids
            if (value := values.get(each, ABSENT)) is not ABSENT
        }

    def _load(self, loads: Loads, wants: Sequence[Want[Any, Any]]) -> None:
        """Look at the replies; load what is missing and nobody else is loading."""
        misses: dict[tuple[Kind[Any, Any], Any], Miss] = {}
        for want in wants:
            self._take_replies(want, misses)
        lease = self._lease
        if lease is None:
            self._load_directly(misses.values())
        elif misses:
            self._query([m for m in misses.values() if loads.join(m, lease)])

    def _take_replies(
        self,
        want: Want[Any, Any],
        misses: dict[tuple[Kind[Any, Any], Any], Miss],
    ) -> None:
        kind, seen = want.kind, self._of(want.kind)
        hits = empties = missed = 0
        for each in want.ids:
            if each in seen.values or (kind, each) in misses:
                continue
            reply = seen.replies.pop(each, b"")
            if not reply or codec.is_miss(reply):
                misses[kind, each] = Miss(kind, each, codec.Generation(reply))
                missed += 1
            elif (payload := codec.payload(reply)) is None:
                seen.values[each] = ABSENT
                empties += 1
            else:
                seen.values[each] = kind.decode(payload)
                hits += 1
        _count(kind, "hit", hits)
        _count(kind, "empty", empties)
        _count(kind, "bypass" if self._lease is None else "miss", missed)

    def _load_directly(self, misses: Iterable[Miss]) -> None:
        """Load without a generation: a few at a time, and nothing is filled."""
        for kind, group in by_kind(misses).items():
            ids = tuple(miss.id for miss in group)
            load = partial(kind.load, ids)
            loaded = self._shared.turns.load((kind.name, ids), load)
            if loaded is None:
                raise StoreUnavailableError(
                    "Kwip is very busy right now. Try again shortly.",
                    retry_after_s=1.0,
                    reason="too many loads without the cache",
                )
            self._settle(group, loaded[0])

    def _query(self, misses: Iterable[Miss]) -> None:
        """Ask the store once for each kind."""
        for kind, group in by_kind(misses).items():
            self._settle(group, kind.load([miss.id for miss in group]))

    def _settle(self, group: list[Miss], found: Mapping[Any, Any]) -> None:
        values = self._of(group[0].kind).values
        for miss in group:
            miss.value = values[miss.id] = found.get(miss.id, ABSENT)

    def _finish(self, loads: Loads) -> None:
        """Fill what was loaded and take what others loaded; what fails starts over."""
        for _ in range(RESTARTS):
            unsettled = self._land(loads)
            if not unsettled:
                return
            self._start_over(loads, unsettled)
        unsettled = self._land(loads)
        for kind, group in by_kind(unsettled).items():
            _count(kind, "unfilled", len(group))
        self._do_without(unsettled)

    def _land(self, loads: Loads) -> list[Miss]:
        """Fill in one round trip; give what was refused, here or to who led it.

        Own loads land first: who waited before could wait for ever.
        """
        refused = self._fill(loads.mine)
        loads.land(set(refused))
        orphans = [
            miss for miss, flight in loads.joined if not self._share(miss, flight)
        ]
        loads.joined.clear()
        return refused + orphans

    def _fill(self, loaded: list[Miss]) -> list[Miss]:
        """Fill; give what was refused, nothing if Redis did not answer.

        Refused: dropped, or filled with something newer, while it was being loaded.
        """
        if not loaded or self._lease is None:
            return []
        charge = self._bill.owed(is_guarded=False)
        fillings = [filling(m) for m in loaded]
        stored = self._shared.objects.fill(self._lease, fillings, charge)
        if stored is None:
            self._lease = None
            self._bill.settle(None)
            return []
        if charge is not None:
            self._bill.settle(quotas.verdict(cast("bytes", stored.pop())))
        return [m for m, is_in in zip(loaded, stored, strict=True) if not is_in]

    def _share(self, miss: Miss, flight: Flight[Any]) -> bool:
        """Take what another thread has loaded and filled; False if it has not."""
        result = flight.wait()
        if result is None:
            return False
        self._of(miss.kind).values[miss.id] = result[0]
        _count(miss.kind, "shared", 1)
        return True

    def _start_over(self, loads: Loads, unsettled: list[Miss]) -> None:
        """Read and load again, unless Redis fails meanwhile."""
        wants: list[Want[Any, Any]] = []
        for kind, group in by_kind(unsettled).items():
            _count(kind, "refused", len(group))
            wants.append(Want(kind, [miss.id for miss in group]))
            for miss in group:
                self._of(kind).values.pop(miss.id, None)
        self.warm(*wants)
        if self._lease is None:
            self._do_without(unsettled)
        else:
            self._load(loads, wants)

    def _do_without(self, unsettled: list[Miss]) -> None:
        """Use what was loaded, and load directly what was not: both are new enough."""
        self._load_directly(m for m in unsettled if m.value is UNLOADED)
        for miss in unsettled:
            self._of(miss.kind).values[miss.id] = miss.value


def _count(kind: Kind[Any, Any], result: str, number: int) -> None:
    if number:
        telemetry.CACHE_REQUESTS.labels(kind.name, result).inc(number)
