"""What a loader knows of each kind: values, and replies not decoded yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip import telemetry
from kwip.cache import codec
from kwip.cache.entity_cache import Ask
from kwip.recording import note_lookups
from kwip.services.reading.kinds import ABSENT, Miss

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.services.reading.kinds import Kind, Lookup
    from kwip.services.reading.rate_limits import RequestCharge
    from kwip.services.reading.request_cache import RequestCache

    Target = tuple["Seen", Any]


class Seen:
    """What a loader knows of one kind: values, and replies not decoded yet."""

    __slots__ = ("replies", "values")

    def __init__(self) -> None:
        self.values: dict[Any, Any] = {}
        self.replies: dict[Any, bytes] = {}

    def unknown(self, ids: Iterable[Any]) -> list[Any]:
        """Return the ids that are unknown so far, each once."""
        values, replies = self.values, self.replies
        return [
            each
            for each in dict.fromkeys(ids)
            if each not in values and each not in replies
        ]


class IdentityMap:
    """Everything a loader knows, for one thread; counts its reads as work."""

    def __init__(self, cache: RequestCache, request_charge: RequestCharge):
        self._cache = cache
        self._request_charge = request_charge
        self._kinds: dict[Kind[Any, Any], Seen] = {}

    def of(self, kind: Kind[Any, Any]) -> Seen:
        """Return what is known of one kind."""
        seen = self._kinds.get(kind)
        if seen is None:
            seen = self._kinds[kind] = Seen()
        return seen

    def pick(self, lookup: Lookup[Any, Any]) -> dict[Any, Any]:
        """Return the values asked for, without those that are absent."""
        values = self.of(lookup.kind).values
        return {
            each: value
            for each in lookup.ids
            if (value := values.get(each, ABSENT)) is not ABSENT
        }

    def asks(
        self, lookups: Iterable[Lookup[Any, Any]]
    ) -> tuple[list[Ask], list[Target]]:
        """Return what must be asked of the cache, and where each reply belongs."""
        asks: list[Ask] = []
        targets: list[Target] = []
        work = 0
        for lookup in lookups:
            kind, seen = lookup.kind, self.of(lookup.kind)
            unknown = seen.unknown(lookup.ids)
            work += kind.weight * len(unknown)
            for each in unknown:
                key, variant = kind.key(each), kind.variant(each)
                asks.append(Ask(key, variant, kind.ttl_s, kind.is_streamed))
                targets.append((seen, each))
        self._request_charge.count(work)
        return asks, targets

    def note(self, targets: list[Target], replies: list[bytes] | None) -> None:
        """Store the cache's replies to `asks`; None if it did not answer."""
        if replies is not None:
            for (seen, each), reply in zip(targets, replies, strict=True):
                seen.replies[each] = reply

    def take(
        self,
        lookup: Lookup[Any, Any],
        misses: dict[tuple[Kind[Any, Any], Any], Miss],
    ) -> None:
        """Decode the replies to a lookup; add what must be loaded to `misses`."""
        kind, seen = lookup.kind, self.of(lookup.kind)
        hits = empties = missed = 0
        for each in lookup.ids:
            if each in seen.values or (kind, each) in misses:
                continue
            reply = seen.replies.pop(each, b"")
            if not reply or codec.is_miss(reply):
                misses[kind, each] = Miss(kind, each, codec.Generation(reply))
                missed += 1
                continue
            self._cache.note(kind.key(each), codec.origin_of(reply))
            if (payload := codec.payload(reply)) is None:
                seen.values[each] = ABSENT
                empties += 1
            else:
                seen.values[each] = kind.decode(payload)
                hits += 1
        count(kind, "hit", hits)
        count(kind, "empty", empties)
        count(kind, "bypass" if self._cache.lease is None else "miss", missed)


def count(kind: Kind[Any, Any], result: str, number: int) -> None:
    """Count hits and misses of one kind."""
    if number:
        telemetry.CACHE_REQUESTS.labels(kind.name, result).inc(number)
        note_lookups(kind.name, result, number)
