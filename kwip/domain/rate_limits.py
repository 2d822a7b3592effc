"""Rate limits: the windows, and who is behind an address.

A window slides: each allowed request counts for its span and no longer, so no period of
that length ever has more than the limit.
"""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.messages import Message, lazy_ngettext

if TYPE_CHECKING:
    from collections.abc import Mapping

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S

#: The length of each window, in seconds; its limit is the setting of the same name.
SPANS_S = {
    "api_user": 5 * _MINUTE_S,
    "api_token": 5 * _MINUTE_S,
    "api_address": 5 * _MINUTE_S,
    "pages_user": 5 * _MINUTE_S,
    "pages_address": 5 * _MINUTE_S,
    "posts": 3 * _HOUR_S,
    "deletes": 30 * _MINUTE_S,
    "follows": _DAY_S,
    "reports": _DAY_S,
    "imports": _DAY_S,
    "media": 30 * _MINUTE_S,
    "signin": 5 * _MINUTE_S,
    "signin_account": _HOUR_S,
    "signin_address": 5 * _MINUTE_S,
    "signup": 30 * _MINUTE_S,
    "reset": 30 * _MINUTE_S,
}
#: Work that one request is charged for, in entities read: of a page, and of the API. An
#: address may ask for ten times as many pages, so each is charged less; by default
#: neither lets it take more than a tenth of a processor.
PAGE_WORK = 50
API_WORK = 200
#: A household gets an IPv6 network of 64 bits, and can use all of its addresses.
_IPV6_PREFIX = 64
#: An organisation gets a network of 48 bits. Who logs in and joins from it may do so as
#: often as from so many households.
_WIDER_PREFIX, WIDER_TIMES = 48, 16
_ADDRESSES_REMEMBERED = 4_096


class Window(NamedTuple):
    """At most `limit` in any `span_s` seconds."""

    name: str
    limit: int
    span_s: float


@dataclass(frozen=True, slots=True)
class RateLimitStatus:
    """What is left in the fullest window, and when more is allowed again."""

    limit: int
    remaining: int
    reset_ms: int


def windows(limits: Mapping[str, int]) -> dict[str, Window]:
    """Make the windows of some limits, by name; a limit of 0 means no window.

    Raises:
        KeyError: A limit is missing.
    """
    return {
        name: Window(name, limits[name], span_s)
        for name, span_s in SPANS_S.items()
        if limits[name]
    }


@lru_cache(_ADDRESSES_REMEMBERED)
def whose(address: str | None) -> str:
    """Return who is behind an address: the address for IPv4, its /64 for IPv6.

    Whoever has an IPv4 address also has a whole network of 6to4, which counts as that
    address. Everything else, such as a Unix socket, counts as one.
    """
    try:
        found = ipaddress.ip_address((address or "").strip())
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if inner := found.ipv4_mapped or found.sixtofour:
        return str(inner)
    network = int(found) >> (found.max_prefixlen - _IPV6_PREFIX)
    return str(ipaddress.IPv6Address(network << (found.max_prefixlen - _IPV6_PREFIX)))


@lru_cache(_ADDRESSES_REMEMBERED)
def wider(owner: str) -> str | None:
    """Return the /48 that a network from `whose` is part of; None if it is none.

    Providers give such networks to customers, who then have 65,536 of those from which
    somebody can begin anew. A whole neighbourhood may share one, too.
    """
    try:
        found = ipaddress.ip_address(owner)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv4Address):
        return None
    return str(ipaddress.ip_network((found, _WIDER_PREFIX), strict=False))


def in_words(seconds: float) -> Message:
    """Return how long to wait, rounded up: "in 3 minutes"."""
    # Up to two minutes in seconds, and up to two hours in minutes.
    if seconds > 2 * _HOUR_S:
        hours = math.ceil(seconds / _HOUR_S)
        return lazy_ngettext("in %(num)s hour", "in %(num)s hours", hours)
    if seconds > 2 * _MINUTE_S:
        minutes = math.ceil(seconds / _MINUTE_S)
        return lazy_ngettext("in %(num)s minute", "in %(num)s minutes", minutes)
    number = max(1, math.ceil(seconds))
    return lazy_ngettext("in %(num)s second", "in %(num)s seconds", number)
