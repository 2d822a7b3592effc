"""Read, fill and drop cached entities: versioned keys, one Redis hash an entity.

A value is named by entity, generation and version. A reader that misses is given the
generation *before* it loads, and what it loaded is stored only if that generation is
still the key's; a writer deletes the hash, and the generation with it. Why this holds
and what it promises is checked by `tests/protocol`.

Every function is one round trip. When Redis is down, hangs (200 ms) or refuses:
`read` and `fill` give None, `invalidate_confirmed` and `probe` give False.
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
    from kwip.cache.codec import Stamp
    from kwip.cache.keys import CacheKey, Invalidation
    from kwip.cache.rate_limits import Charge
    from kwip.domain.ids import UserId

_PROBE_TTL_S = 10
_LENGTH = struct.Struct(">H")


class CacheLease(NamedTuple):
    """The right to use the cache: for which database, and under which epoch.

    While it `is_followed`, the change-stream invalidator repeats the invalidations of
    writers that died.
    """

    deployment: str
    epoch: int
    is_followed: bool = False


class Ask(NamedTuple):
    """One entry to read: its entity, its variant, and how long a new hash lives.

    What `is_followed` by the change-stream invalidator lives for `FOLLOWED_TTL_S` while
    that runs.
    """

    key: CacheKey
    variant: str
    ttl_s: int
    is_followed: bool = False

    def lifetime_s(self, lease: CacheLease) -> int:
        """Give the time to live; below 0 if what lives longer must be cut to it."""
        if not self.is_followed:
            return self.ttl_s
        return keys.FOLLOWED_TTL_S if lease.is_followed else -self.ttl_s


class Filling(NamedTuple):
    """One loaded value to store; `payload` is None for *known empty*.

    `version` is the document's, 0 for what is a query over many documents.
    """

    key: CacheKey
    variant: str
    generation: codec.Generation
    version: int
    payload: bytes | None


class Wish(NamedTuple):
    """A cached page to look for; `etag` is that of a copy at hand, b"" for none."""

    key: CacheKey
    etag: bytes = b""


class Found(NamedTuple):
    """A cached page that may be used; no content if the copy at hand is the same.

    `verdict` is what came of the charge, if there was one.
    """

    etag: bytes
    content: bytes | None
    verdict: bytes | None


class Kept(NamedTuple):
    """A cached page to keep: its ETag, and its bytes, whatever they are."""

    etag: bytes
    content: bytes


class Objects:
    """The cached entities behind one client.

    Args:
        client: The connection to the cache Redis.
        random_bytes: Where generations come from; never the same twice.
    """

    def __init__(
        self,
        client: Client,
        *,
        random_bytes: Callable[[int], bytes] = secrets.token_bytes,
    ):
        self._client = client
        self._random_bytes = random_bytes
        self._read = Script.named("quota", "entries", "read")
        self._open = Script.named("quota", "entries", "open")
        self._fill = Script.named("quota", "fill")
        self._invalidate = Script.named("drop")

    def read(
        self,
        lease: CacheLease,
        asks: Sequence[Ask],
        charge: Charge | None = None,
        reader_id: UserId | None = None,
    ) -> list[bytes] | None:
        """Read entries; those without a generation are given one.

        Answers in the order asked: a usable entry (`codec.payload`), or a bare
        generation (`codec.is_miss`) under which a load may be filled, or b"" where
        the entry may lack what the reader wrote: what is then loaded is the reader's
        alone. With a charge its reply comes last, and alone if it was refused
        (`rate_limits.verdict`).
        """
        names, arguments = self._packed(lease, asks, charge, reader_id)
        return cast(
            "list[bytes] | None", self._client.run(self._read, names, arguments)
        )

    def open(
        self,
        lease: CacheLease,
        wish: Wish,
        asks: Sequence[Ask],
        charge: Charge | None = None,
        reader_id: UserId | None = None,
    ) -> list[bytes] | Found | None:
        """Give a page of which no part has changed; else what `read` gives.

        A page is charged as one whose first entry, the guard, was found.
        """
        names, arguments = self._packed(lease, asks, charge, reader_id)
        names.insert(0, keys.full(lease.deployment, wish.key))
        arguments.insert(0, wish.etag)
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
        page: Kept,
        parts: Mapping[CacheKey, Stamp],
    ) -> None:
        """Keep a cached page with what it was made from; waits for no answer."""
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
        """Give the keys and arguments of `entries.lua`."""
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
        dropped meanwhile, or holds a newer version. With a charge its reply comes
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
        """Delete entities with all their variants; say whether Redis confirmed it.

        debounced ones are deleted now, or by Redis when their time has come; until then
        whoever wrote is given nothing of them. That, too, is one round trip. Two tries
        of 200 ms past the breaker, the second on a fresh connection. Only
        `services.fence` may call it: what is not confirmed must be fenced.
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
        """Say whether Redis deletes, runs Lua that writes, and reads it back.

        On fresh connections, at most 200 ms each. A PING would prove nothing: a
        read-only Redis answers it.
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
    """Let a call charge windows too."""
    if charge is not None:
        names += [keys.full(lease.deployment, key) for key in charge.keys]
        arguments.append(charge.terms)
