"""One request's use of the cache: its lease, its charge, and what it has read."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from kwip.cache import codec, keys, rate_limits
from kwip.cache.entity_cache import Found, NewPage, PageLookup
from kwip.domain.timelines.pages import CachedPage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.cache.codec import Origin
    from kwip.cache.entity_cache import Ask, CacheLease, EntityCache, Filling
    from kwip.cache.keys import CacheKey
    from kwip.domain.ids import UserId
    from kwip.services.reading.rate_limits import RequestCharge

#: Pages made from more entities are not cached: checking them costs as much as
#: building.
MAX_PARTS = 200


class RequestCache:
    """The cache for one request; not used again after its first failed call.

    `lease` is None then. The first call charges the request. No value that it reads
    lacks what `reader_id` wrote.
    """

    def __init__(
        self,
        objects: EntityCache,
        lease: CacheLease | None,
        request_charge: RequestCharge,
        reader_id: UserId | None,
    ):
        self.lease = lease
        self._reader_id = reader_id
        self._objects = objects
        self._request_charge = request_charge
        self._parts: dict[CacheKey, Origin] = {}
        self._is_whole = True

    def read(self, asks: Sequence[Ask], *, is_guarded: bool) -> list[bytes] | None:
        """Read entries in one round trip; None if there is no cache.

        Raises:
            RateLimitedError: The request exceeds its limit.
        """
        if self.lease is None:
            self._lose()
            return None
        if not asks:
            return []
        charge = self._request_charge.owed(is_guarded=is_guarded)
        replies = self._objects.read(self.lease, asks, charge, self._reader_id)
        if replies is None:
            self._lose()
            return None
        if charge is not None:
            self._settle(replies.pop())
        return replies

    def open(
        self, page: str, etag: bytes, asks: Sequence[Ask], *, is_guarded: bool
    ) -> CachedPage | list[bytes] | None:
        """Find a cached page; if none can be used, do the same as `read`.

        Raises:
            RateLimitedError: As `read`.
        """
        if self.lease is None:
            self._lose()
            return None
        charge = self._request_charge.owed(is_guarded=is_guarded)
        lookup = PageLookup(keys.page(page), etag)
        found = self._objects.open(self.lease, lookup, asks, charge, self._reader_id)
        if found is None:
            self._lose()
            return None
        if charge is not None:
            reply = found.verdict if isinstance(found, Found) else found.pop()
            self._settle(cast("bytes", reply))
        return CachedPage(*found[:2]) if isinstance(found, Found) else found

    def fill(self, fillings: Sequence[Filling]) -> list[bool]:
        """Store loaded values; return for each whether it may be used.

        A refused value may not. Without a cache nothing is stored or refused.
        """
        if self.lease is None:
            return [True] * len(fillings)
        charge = self._request_charge.owed(is_guarded=False)
        replies = self._objects.fill(self.lease, fillings, charge)
        if replies is None:
            self._lose()
            return [True] * len(fillings)
        if charge is not None:
            self._request_charge.settle(
                rate_limits.verdict(cast("bytes", replies.pop()))
            )
        stored = [bool(one) for one in replies]
        for filling, is_stored in zip(fillings, stored, strict=True):
            if is_stored:
                self.note_filled(filling.key, filling.generation, filling.version)
        return stored

    def charge(self) -> None:
        """Charge what came due since the last call, if anything: 1 round trip."""
        if self._request_charge.owed(is_guarded=False) is not None:
            self.fill([])

    def note_filled(
        self, key: CacheKey, generation: codec.Generation, version: int
    ) -> None:
        """Note an entity that was filled just now, by us or by another thread."""
        if self.lease is not None:
            self.note(key, codec.origin(generation, self.lease.epoch, version))

    def note(self, key: CacheKey, origin: Origin) -> None:
        """Note that the answer is made from this entity.

        If it was invalidated between two reads, the answer is out of date.
        """
        if self._parts.setdefault(key, origin) != origin:
            self._is_whole = False

    def bypass(self) -> None:
        """Note that something was read elsewhere, so that no page may be cached."""
        self._is_whole = False

    @property
    def can_keep(self) -> bool:
        """Whether everything that was read is cached, under the same lease."""
        is_small = len(self._parts) <= MAX_PARTS
        return self._is_whole and is_small and self.lease is not None

    def keep(self, page: str, etag: bytes, content: bytes) -> None:
        """Cache a page that was made from everything read; no round trip."""
        if self.lease is not None and self.can_keep:
            self._objects.keep(
                self.lease, keys.page(page), NewPage(etag, content), self._parts
            )

    def _lose(self) -> None:
        self.lease = None
        self._request_charge.settle(None)

    def _settle(self, reply: bytes) -> None:
        self._request_charge.settle(rate_limits.verdict(reply))
        self._request_charge.require()
