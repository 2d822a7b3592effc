"""Read entities for one request: from the cache, else from the store, then fill.

Whatever is asked for together costs one round trip to Redis, one query of the store
for each kind that misses, and one round trip to fill all of it. A `Reading` holds the
lease that it began with, and remembers what it has read.

Every value is at least as new as the last write acknowledged before the reading
began, whatever Redis does; after a write a request begins a new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from kwip import telemetry
from kwip.cache import codec
from kwip.cache.objects import Ask, Filling
from kwip.cache.single_flight import Flight, Flights, Turns
from kwip.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.cache.keys import CacheKey
    from kwip.cache.objects import Lease, Objects
    from kwip.services.fence import Fence

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

_ABSENT: Any = object()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind(Generic[K, V]):
    """One kind of cached entity; two kinds have two names.

    Attributes:
        name: The metric's label.
        key: Names the entity.
        view: Names the view of it, one field of its hash; "doc" where there is one.
        encode: Gives the bytes that are cached; whoever changes them renames the view.
        decode: Reads the bytes back.
        version: The document's version; 0 for a query over many documents.
        load: Loads 1 or more distinct ids from the store, by majority from the
            primary; what it leaves out is absent, and cached as such.
        ttl_s: How long a hash lives at most after its generation was made.
    """

    name: str
    key: Callable[[K], CacheKey]
    view: Callable[[K], str]
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]
    version: Callable[[V], int]
    load: Callable[[Sequence[K]], Mapping[K, V]]
    ttl_s: int


@dataclass(frozen=True, slots=True)
class Want(Generic[K, V]):
    """Entities of one kind to read; ids may repeat."""

    kind: Kind[K, V]
    ids: Sequence[K]


@dataclass(slots=True)
class _Miss:
    """An entity that is not cached, and the generation to fill it under."""

    kind: Kind[Any, Any]
    id: Any
    generation: codec.Generation
    value: Any = _ABSENT


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

    def begin(self) -> Reading:
        """Begin a reading under the lease of this moment; no I/O."""
        return Reading(self, self._fence.lease())


class Reading:
    """The reading of one request, in one thread.

    Without a lease, and after its first failed call to Redis, it makes no further
    call and reads from the store, a few loads of the process at a time.
    """

    def __init__(self, shared: Readings, lease: Lease | None):
        self._shared = shared
        self._lease = lease
        self._kinds: dict[Kind[Any, Any], _Seen] = {}

    def warm(self, *wants: Want[Any, Any]) -> None:
        """Read from the cache what a later `fetch` will want; loads nothing.

        One round trip for all of it; none for what is known already.
        """
        if self._lease is None:
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
        replies = self._shared.objects.read(self._lease, asks)
        if replies is None:
            self._lease = None
            return
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
        """
        self.warm(*wants)
        self._fill(self._load(wants))
        return tuple(self._pick(want) for want in wants)

    def fetch_guarded(
        self, guard: Want[K, V], *others: Want[Any, Any]
    ) -> tuple[dict[K, V], *tuple[dict[Any, Any], ...]]:
        """Read as `fetch` does, the others only if `guard` (one id) is found.

        The cache is asked for all of it at once, but without the guard nothing of
        the others is loaded or given: a forged token makes us load nobody's data.

        Raises:
            StoreUnavailableError: As `fetch`.
        """
        self.warm(guard, *others)
        loaded = self._load([guard])
        if self._pick(guard):
            loaded += self._load(others)
        self._fill(loaded)
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
            if (value := values.get(each, _ABSENT)) is not _ABSENT
        }

    def _load(self, wants: Sequence[Want[Any, Any]]) -> list[_Miss]:
        """Look at the replies and load what is missing; give what may be filled."""
        misses: dict[tuple[Kind[Any, Any], Any], _Miss] = {}
        for want in wants:
            self._take_replies(want, misses)
        if not misses:
            return []
        if self._lease is None:
            self._load_directly(misses.values())
            return []
        return self._load_shared(misses.values(), self._lease)

    def _take_replies(
        self,
        want: Want[Any, Any],
        misses: dict[tuple[Kind[Any, Any], Any], _Miss],
    ) -> None:
        kind, seen = want.kind, self._of(want.kind)
        hits = empties = missed = 0
        for each in want.ids:
            if each in seen.values or (kind, each) in misses:
                continue
            reply = seen.replies.pop(each, b"")
            if not reply or codec.is_miss(reply):
                misses[kind, each] = _Miss(kind, each, codec.Generation(reply))
                missed += 1
            elif (payload := codec.payload(reply)) is None:
                seen.values[each] = _ABSENT
                empties += 1
            else:
                seen.values[each] = kind.decode(payload)
                hits += 1
        _count(kind, "hit", hits)
        _count(kind, "empty", empties)
        _count(kind, "bypass" if self._lease is None else "miss", missed)

    def _load_directly(self, misses: Iterable[_Miss]) -> None:
        """Load without a generation: a few at a time, and nothing is filled."""
        for kind, group in _by_kind(misses).items():
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

    def _load_shared(self, misses: Iterable[_Miss], lease: Lease) -> list[_Miss]:
        """Load what no other thread is loading under the same generation and lease.

        Own loads come first: who waited before landing its own could wait for ever.
        """
        mine: list[tuple[_Miss, object, Flight[Any]]] = []
        others: list[tuple[_Miss, Flight[Any]]] = []
        flights = self._shared.flights
        try:
            for miss in misses:
                name = (miss.kind.name, miss.id, miss.generation, lease)
                flight, leads = flights.join(name)
                if leads:
                    mine.append((miss, name, flight))
                else:
                    others.append((miss, flight))
            self._query([miss for miss, _, _ in mine])
            for miss, _, flight in mine:
                flight.result = (miss.value,)
        finally:
            for _, landed, flight in mine:
                flights.depart(landed)
                flight.land()
        orphans = [miss for miss, flight in others if not self._share(miss, flight)]
        self._query(orphans)
        return [miss for miss, _, _ in mine] + orphans

    def _share(self, miss: _Miss, flight: Flight[Any]) -> bool:
        """Take what another thread loads; False if it failed."""
        result = flight.wait()
        if result is None:
            return False
        self._of(miss.kind).values[miss.id] = result[0]
        _count(miss.kind, "shared", 1)
        return True

    def _query(self, misses: Iterable[_Miss]) -> None:
        """Ask the store once for each kind."""
        for kind, group in _by_kind(misses).items():
            self._settle(group, kind.load([miss.id for miss in group]))

    def _settle(self, group: list[_Miss], found: Mapping[Any, Any]) -> None:
        values = self._of(group[0].kind).values
        for miss in group:
            miss.value = values[miss.id] = found.get(miss.id, _ABSENT)

    def _fill(self, loaded: list[_Miss]) -> None:
        """Fill what was loaded in one round trip; what is refused starts over.

        It was dropped, or filled with something newer, while it was being loaded.
        """
        restarts = 0
        while (refused := self._refused(loaded)) and restarts < RESTARTS:
            restarts += 1
            loaded = self._start_over(refused)
        for kind, group in _by_kind(refused).items():
            _count(kind, "unfilled", len(group))

    def _refused(self, loaded: list[_Miss]) -> list[_Miss]:
        """Fill; give what was refused, nothing if Redis did not answer."""
        if not loaded or self._lease is None:
            return []
        stored = self._shared.objects.fill(self._lease, [_filling(m) for m in loaded])
        if stored is None:
            self._lease = None
            return []
        return [m for m, is_in in zip(loaded, stored, strict=True) if not is_in]

    def _start_over(self, refused: list[_Miss]) -> list[_Miss]:
        """Read and load again; without Redis what was loaded stays good."""
        wants: list[Want[Any, Any]] = []
        for kind, group in _by_kind(refused).items():
            _count(kind, "refused", len(group))
            wants.append(Want(kind, [miss.id for miss in group]))
            for miss in group:
                del self._of(kind).values[miss.id]
        self.warm(*wants)
        if self._lease is not None:
            return self._load(wants)
        for miss in refused:
            self._of(miss.kind).values[miss.id] = miss.value
        return []


def _by_kind(misses: Iterable[_Miss]) -> dict[Kind[Any, Any], list[_Miss]]:
    groups: dict[Kind[Any, Any], list[_Miss]] = {}
    for miss in misses:
        groups.setdefault(miss.kind, []).append(miss)
    return groups


def _filling(miss: _Miss) -> Filling:
    kind, value = miss.kind, miss.value
    name = (kind.key(miss.id), kind.view(miss.id))
    if value is _ABSENT:
        return Filling(*name, miss.generation, 0, None)
    return Filling(*name, miss.generation, kind.version(value), kind.encode(value))


def _count(kind: Kind[Any, Any], result: str, number: int) -> None:
    if number:
        telemetry.CACHE_REQUESTS.labels(kind.name, result).inc(number)
