"""Sliding windows in Redis: what a call charges, and the result.

Keys `kw:<deployment>:{quota:<window>:<whose>}`: the times of allowed requests, a list,
about 10 bytes each; at most as many as the limit, plus what `add` adds. It lives for
one span after the newest. The clock is the server's.
`rate_limit_windows.lua` charges windows in the same call that reads or fills, or
alone. When Redis is down, hangs (200 ms) or refuses, a charge is None and the caller
decides; Kwip allows the request.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple, cast

from kwip.cache import keys
from kwip.cache.client import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.cache.client import Argument, Client
    from kwip.cache.keys import CacheKey
    from kwip.domain.rate_limits import Window

#: The deployment in names of windows that are charged without a cached entity.
ALONE = "alone"

_HEAD = struct.Struct("BBB")
_WINDOW = struct.Struct(">II")
_BACK = struct.Struct(">Q")
_VERDICT = struct.Struct(">BBIIQQ")
_MS = 1_000


class Charge(NamedTuple):
    """Windows to charge in one call: their keys, and the packed terms."""

    keys: tuple[CacheKey, ...]
    terms: bytes


class Verdict(NamedTuple):
    """The result of a charge: the figures of the window that has the least left.

    `is_known` says that the windows for users with a cached credential were charged.
    `limit` is 0 if there was no window to charge. Times are in µs of the server's
    clock: when more is allowed again, and when this was.
    """

    is_allowed: int
    is_known: int
    limit: int
    remaining: int
    reset_us: int
    now_us: int


def guarded(known: Sequence[Window], others: Sequence[Window]) -> bytes:
    """Pack terms: `known` if the call finds its first entry, else `others`."""
    return _HEAD.pack(1, len(known), len(others)) + _pack([*known, *others])


def plain(windows: Sequence[Window]) -> bytes:
    """Pack terms that are always charged."""
    return _HEAD.pack(0, 0, len(windows)) + _pack(windows)


def giving_back(charge: Charge, key: CacheKey, at_us: int) -> Charge:
    """Let a charge also remove the request at `at_us` from another window."""
    return Charge((*charge.keys, key), charge.terms + _BACK.pack(at_us))


def verdict(reply: bytes) -> Verdict:
    """Unpack the reply of `charge`."""
    return Verdict._make(_VERDICT.unpack(reply))


class RateLimitWindows:
    """The windows in one Redis, charged in calls of their own.

    Args:
        client: The connection to their Redis.
    """

    def __init__(self, client: Client):
        self._client = client
        self._charge = Script.named("rate_limit_windows", "charge")

    def charge(self, deployment: str, charge: Charge) -> Verdict | None:
        """Charge all windows or none: one round trip; None when Redis is down."""
        names = [keys.full(deployment, key) for key in charge.keys]
        reply = self._client.run(self._charge, names, [charge.terms])
        return None if reply is None else verdict(cast("bytes", reply))

    def add(
        self, deployment: str, charged: Sequence[CacheKey], at_us: int, times: int
    ) -> None:
        """Add `times` more entries to windows that were charged at `at_us`.

        No round trip: it does not wait for the reply, and may fail unnoticed. The
        windows may then hold more than their limits.
        """
        commands: list[tuple[Argument, ...]] = [
            ("RPUSHX", keys.full(deployment, key), *[at_us] * times) for key in charged
        ]
        self._client.send(*commands)

    def give_back(self, deployment: str, key: CacheKey, at_us: int) -> None:
        """Remove the request that was allowed at `at_us` from a window: one round trip.

        It stays there when Redis is down.
        """
        self.charge(deployment, giving_back(Charge((), plain(())), key, at_us))


def _pack(windows: Sequence[Window]) -> bytes:
    return b"".join(_WINDOW.pack(w.limit, int(w.span_s * _MS)) for w in windows)
