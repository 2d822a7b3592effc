"""Kinds of cached entities, lookups, misses, and the loads under way."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from kwip.cache.entity_cache import Filling
from kwip.domain.memo import Decoded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.cache.codec import Generation
    from kwip.cache.entity_cache import CacheLease
    from kwip.cache.keys import CacheKey
    from kwip.cache.single_flight import Flight, SingleFlight

K = TypeVar("K")
V = TypeVar("V")

#: The value of an id that has no entity, and of one that is not loaded yet.
ABSENT: Any = object()
UNLOADED: Any = object()


def unversioned(_: object) -> int:
    """Return 0: a query over many documents has no version."""
    return 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kind(Generic[K, V]):
    """One kind of cached entity. Names are unique.

    Attributes:
        name: The label in metrics.
        key: Returns an entity's key.
        variant: Returns the field of its hash; "doc" if it is the only one.
        encode: Turns a value into the cached bytes; when the format changes, rename the
            variant.
        decode: Reads the bytes back.
        version: Returns the document's version; 0 for a query over many documents.
        load: Loads 1 or more distinct ids from the primary, with majority read concern;
            ids that it leaves out are absent, and cached as such. Only a load that is
            as new may replace it (`secondary_loads`).
        ttl_s: How long a hash lives at most after its generation was made.
        is_streamed: Whether the change-stream invalidator repeats every invalidation of
            it, so that it may live much longer while that runs.
        weight: How many posts it counts as in the reader's rate limit.
    """

    name: str
    key: Callable[[K], CacheKey]
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]
    load: Callable[[Sequence[K]], Mapping[K, V]]
    ttl_s: int
    variant: Callable[[K], str] = lambda _: "doc"
    version: Callable[[V], int] = unversioned
    is_streamed: bool = False
    weight: int = 1

    def pack(self, value: V) -> tuple[bytes, V]:
        """Return the bytes to cache for a loaded value, and the value to use here.

        If the process remembers the same bytes, that is the value decoded before, so
        that what was derived from it can be used again.
        """
        payload = self.encode(value)
        if isinstance(self.decode, Decoded):
            return payload, self.decode.same(payload, value)
        return payload, value


@dataclass(frozen=True, slots=True)
class Lookup(Generic[K, V]):
    """Entities of one kind to read; ids may repeat."""

    kind: Kind[K, V]
    ids: Sequence[K]


@dataclass(slots=True, eq=False)
class Miss:
    """An entity that is not cached, and the generation to fill it under.

    The generation is b"" if there is none: without a lease, or because the cached value
    may lack what the reader wrote.

    `payload` is the encoded value: None until it is loaded here, and None if it is
    absent.
    """

    kind: Kind[Any, Any]
    id: Any
    generation: Generation
    value: Any = UNLOADED
    payload: bytes | None = None

    @property
    def key(self) -> CacheKey:
        """The entity's key in the cache."""
        return self.kind.key(self.id)

    @property
    def version(self) -> int:
        """The version of the value; 0 if the entity is absent."""
        return 0 if self.value is ABSENT else self.kind.version(self.value)

    def settle(self, value: Any) -> None:
        """Store what was loaded, or that the entity is absent."""
        self.value, self.payload = value, None
        if value is not ABSENT:
            self.payload, self.value = self.kind.pack(value)


class Loads:
    """What one call loads itself, and what it takes from other threads.

    Leaving the context releases the waiting threads, whatever happened.
    """

    def __init__(self, single_flight: SingleFlight[Any]):
        self._single_flight = single_flight
        self._led: list[tuple[Miss, object, Flight[Any]]] = []
        self.joined: list[tuple[Miss, Flight[Any]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.land(set(self.mine))

    @property
    def mine(self) -> list[Miss]:
        """What no other thread is loading under the same generation and lease."""
        return [miss for miss, _, _ in self._led]

    def join(self, miss: Miss, lease: CacheLease) -> bool:
        """Lead the load of a miss, or wait for it; return whether to lead."""
        name = (miss.kind.name, miss.id, miss.generation, lease)
        flight, leads = self._single_flight.join(name)
        if leads:
            self._led.append((miss, name, flight))
        else:
            self.joined.append((miss, flight))
        return leads

    def land(self, refused: set[Miss]) -> None:
        """Hand over what was filled; threads that wait for refused misses retry.

        Only after the fill: otherwise a waiting thread could answer with a newer value
        than the cache holds, and the next reader would hit the older one.
        """
        for miss, name, flight in self._led:
            if miss not in refused:
                flight.result = (miss.value,)
            self._single_flight.depart(name)
            flight.land()
        self._led.clear()


#: Loads ids of some kinds, as new as `Kind.load`: a query for each kind.
Load = Callable[
    [Mapping[Kind[Any, Any], Sequence[Any]]],
    dict[Kind[Any, Any], Mapping[Any, Any]],
]


def from_primary(
    wanted: Mapping[Kind[Any, Any], Sequence[Any]],
) -> dict[Kind[Any, Any], Mapping[Any, Any]]:
    """Load ids of some kinds from the primary."""
    return {kind: kind.load(ids) for kind, ids in wanted.items()}


def by_kind(misses: Iterable[Miss]) -> dict[Kind[Any, Any], list[Miss]]:
    """Group misses by kind, for one query each."""
    groups: dict[Kind[Any, Any], list[Miss]] = {}
    for miss in misses:
        groups.setdefault(miss.kind, []).append(miss)
    return groups


def filling(miss: Miss) -> Filling:
    """Return what to store for a loaded miss; an absent entity is known empty."""
    variant = miss.kind.variant(miss.id)
    return Filling(miss.key, variant, miss.generation, miss.version, miss.payload)
