"""Read, fill and invalidate cached entities: one Redis hash each.

A value is identified by entity, generation and version. A reader that misses gets the
generation *before* it loads, and what it loaded is stored only if the key still has
that generation; a writer deletes the hash, and the generation with it. `tests/protocol`
checks what this guarantees.

Reading and filling are one round trip each. When Redis is down, hangs (200 ms) or
refuses, `read` and `fill` return None, `invalidate_confirmed` and `probe` return False.
"""

from __future__ import annotations

import secrets
import struct
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from kwip import telemetry
from kwip.cache import codec, keys
from kwip.cache.client import Script
from kwip.cache.keys import Debounced

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.cache.client import Argument, Client
    from kwip.cache.codec import Origin
    from kwip.cache.keys import CacheKey, Invalidation
    from kwip.cache.rate_limits import Charge
    from kwip.domain.ids import UserId

_PROBE_TTL_S = 10
_LENGTH = struct.Struct(">H")


class CacheLease(NamedTuple):
    """The right to use the cache, for one database and under one epoch.

    While it `is_streamed`, the change-stream invalidator keeps up, and repeats the
    invalidations of writers that died.
    """

    deployment: str
    epoch: int
    is_streamed: bool = False


class Ask(NamedTuple):
    """One entry to read: its entity, its variant, and how long a new hash lives.

    If the change stream shows each change of it (`is_streamed`), it lives for
    `STREAMED_TTL_S` while that runs.
    """

    key: CacheKey
    variant: str
    ttl_s: int
    is_streamed: bool = False

    def lifetime_s(self, lease: CacheLease) -> int:
        """Return the time to live; below 0 if longer-lived hashes must be cut to it."""
        if not self.is_streamed:
            return self.ttl_s
        return keys.STREAMED_TTL_S if lease.is_streamed else -self.ttl_s


class Filling(NamedTuple):
    """One loaded value to store; `payload` is None for *known empty*.

    `version` is the document's, or 0 for a query over many documents.
    """

    key: CacheKey
    variant: str
    generation: codec.Generation
    version: int
    payload: bytes | None


class PageLookup(NamedTuple):
    """A cached page to look for; `etag` is that of the caller's copy, b"" for none."""

    key: CacheKey
    etag: bytes = b""


class Found(NamedTuple):
    """A usable cached page; without content if the caller's copy is the same.

    `verdict` is the result of the charge, if there was one.
    """

    etag: bytes
    content: bytes | None
    verdict: bytes | None


class NewPage(NamedTuple):
    """A page to cache: its ETag, and its bytes, whatever they are."""

    etag: bytes
    content: bytes


class EntityCache:
    """The cached entities behind one client.

    Args:
        client: The connection to the cache Redis.
        random_bytes: The source of generations; must not repeat.
    """

    def __init__(
        self,
        client: Client,
        *,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ):
        self._client = client
        self._random_bytes = random_bytes
        self._read = Script.named("rate_limit_windows", "entries", "read_entries")
        self._open = Script.named("rate_limit_windows", "entries", "read_page")
        self._fill = Script.named("rate_limit_windows", "fill")
        self._invalidate = Script.named("invalidate")

    def read(
        self,
        lease: CacheLease,
        asks: Sequence[Ask],
        charge: Charge | None = None,
        reader_id: UserId | None = None,
    ) -> list[bytes] | None:
        """Read entries, and create a generation for keys that have none.

        Replies in the order of `asks`: a usable entry (`codec.payload`), or only a
        generation (`codec.is_miss`) under which a load may be filled, or b"" if the
        entry may lack what the reader wrote, so that what is then loaded is for the
        reader alone. The reply to a charge comes last, and alone if it was refused
        (`rate_limits.verdict`).
        """
        names, arguments = self._packed(lease, asks, charge, reader_id)
        return cast(
            "list[bytes] | None", self._client.run(self._read, names, arguments)
        )

    def open(
        self,
        lease: CacheLease,
        lookup: PageLookup,
        asks: Sequence[Ask],
        charge: Charge | None = None,
        reader_id: UserId | None = None,
    ) -> list[bytes] | Found | None:
        """Return a page if no part of it has changed; else what `read` returns.

        A page is charged like a call that has found its first entry, the guard.
        """
        names, arguments = self._packed(lease, asks, charge, reader_id)
        names.insert(0, keys.full(lease.deployment, lookup.key))
        arguments.insert(0, lookup.etag)
        replies = cast(
            "list[Any] | None", self._client.run(self._open, names, arguments)
        )
        if replies is None:
            return None
        if not replies or not isinstance(replies[0], list):
            return replies
        (etag, *content), *verdict = replies
        return Found(etag, *(content or [None]), *(verdict or [None]))

    def keep(
        self,
        lease: CacheLease,
        key: CacheKey,
        page: NewPage,
        parts: Mapping[CacheKey, Origin],
    ) -> None:
        """Cache a page with what it was made from; does not wait for a reply."""
        named = [(keys.full(lease.deployment, k).encode(), s) for k, s in parts.items()]
        packed = b"".join(_LENGTH.pack(len(k)) + k + s for k, s in named)
        name = keys.full(lease.deployment, key)
        epoch = codec.pack_epoch(lease.epoch)
        self._client.send(
            ("HSET", name, "p", epoch + packed, "e", page.etag, "b", page.content),
            ("EXPIRE", name, keys.PAGE_TTL_S),
        )

    def _packed(
        self,
        lease: CacheLease,
        asks: Sequence[Ask],
        charge: Charge | None,
        reader_id: UserId | None,
    ) -> tuple[list[str], list[Argument]]:
        """Return the keys and arguments of `entries.lua`."""
        names = [keys.full(lease.deployment, ask.key) for ask in asks]
        nonce = self._random_bytes(codec.GENERATION_BYTES)
        epoch, lacking = codec.pack_epoch(lease.epoch), keys.lacking(reader_id)
        arguments: list[Argument] = [epoch, nonce, lacking]
        runs = groupby(asks, lambda ask: (ask.variant, ask.lifetime_s(lease)))
        for (variant, lifetime_s), run in runs:
            arguments += (sum(1 for _ in run), f"f:{variant}", lifetime_s)
        _add(charge, lease, names, arguments)
        return names, arguments

    def fill(
        self,
        lease: CacheLease,
        fillings: Sequence[Filling],
        charge: Charge | None = None,
    ) -> list[int | bytes] | None:
        """Store loaded values: 1 for each that was stored, 0 for one refused.

        `lease` is the one that was held before the load began. Refused: the key was
        invalidated meanwhile, or holds a newer version. The reply to a charge comes
        last (`rate_limits.verdict`).
        """
        names: list[str] = []
        arguments: list[Argument] = []
        for key, variant, generation, version, payload in fillings:
            names.append(keys.full(lease.deployment, key))
            entry = codec.Entry(generation, lease.epoch, version, payload)
            arguments += (f"f:{variant}", codec.pack(entry))
        _add(charge, lease, names, arguments)
        return cast(
            "list[int | bytes] | None", self._client.run(self._fill, names, arguments)
        )

    def invalidate_confirmed(
        self, deployment: str, invalidated: Sequence[Invalidation]
    ) -> bool:
        """Delete entities with all variants; return whether Redis confirmed it.

        Debounced ones are deleted now, or by Redis when their time has come; until then
        the writer gets nothing from them. All of it is one round trip. Two attempts of
        200 ms each even if the breaker is open, the second on a new connection. Only
        `services.coherence.fence` may call this: what is not confirmed must be fenced.
        """
        debounced = [each for each in invalidated if isinstance(each, Debounced)]
        names = [
            keys.full(deployment, key)
            for key in invalidated
            if not isinstance(key, Debounced)
        ]
        arguments: list[Argument] = [len(names)]
        for key, pace_ms, writer_id in debounced:
            names += (keys.full(deployment, key), keys.full(deployment, keys.pace(key)))
            arguments += (pace_ms, keys.lacking(writer_id))
        for fresh in (False, True):
            if not debounced:
                reply = self._client.insist("UNLINK", *names, fresh=fresh)
            else:
                reply = self._client.insist_script(
                    self._invalidate, names, arguments, fresh=fresh
                )
                telemetry.CACHE_INVALIDATIONS_DEBOUNCED.inc(cast("int", reply or 0))
            if reply is not None:
                return True
        return False

    def probe(self, deployment: str, name: str) -> bool:
        """Return whether Redis deletes, runs Lua that writes, and reads it back.

        On new connections, at most 200 ms each. A PING would prove nothing: a read-only
        Redis answers it.
        """
        key = keys.full(deployment, keys.CacheKey(f"probe:{name}"))
        nonce = self._random_bytes(codec.GENERATION_BYTES)
        if self._client.insist("UNLINK", key, fresh=True) is None:
            return False
        arguments = (codec.pack_epoch(0), nonce, "", 1, "f:probe", _PROBE_TTL_S)
        if self._client.insist_script(self._read, [key], arguments, fresh=True) != [
            nonce
        ]:
            return False
        return self._client.insist("HGET", key, "g", fresh=True) == nonce


def _add(
    charge: Charge | None,
    lease: CacheLease,
    names: list[str],
    arguments: list[Argument],
) -> None:
    """Add the windows to charge to a call."""
    if charge is not None:
        names += [keys.full(lease.deployment, key) for key in charge.keys]
        arguments.append(charge.terms)
