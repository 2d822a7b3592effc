"""Log and count requests, whether the app or the page cache answered them."""

from __future__ import annotations

import os
import re
import time
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = structlog.get_logger()

_NETWORK_BITS = {4: 24, 6: 64}
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
#: Balancers ask for these twice a second.
_CHECKS = frozenset({"/livez", "/readyz"})
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def _full(address: str | None) -> Mapping[str, str]:
    return {} if address is None else {"client": address}


def _hidden(_: str | None) -> Mapping[str, str]:
    return {}


@lru_cache(4_096)
def _network(address: str | None) -> Mapping[str, str]:
    """Shorten an address to 24 bits, or 64 of IPv6."""
    try:
        found = ip_address(address or "")
    except ValueError:  # a socket has none
        return {}
    found = getattr(found, "ipv4_mapped", None) or found
    bits = _NETWORK_BITS[found.version]
    return {"client": str(ip_network((found, bits), strict=False))}


#: The field of the log for a client's address, by `KWIP_LOG_CLIENTS`.
CLIENTS: Mapping[str, Callable[[str | None], Mapping[str, str]]] = {
    "full": _full,
    "network": _network,
    "none": _hidden,
}


def request_id(asked: str, *, is_proxied: bool) -> str:
    """Return the id that our own proxy gave the request, or else 32 random digits.

    Anyone else could send the id of another request, or always the same one.
    """
    is_known = is_proxied and _REQUEST_ID.fullmatch(asked)
    return asked if is_known else os.urandom(16).hex()


def report(
    started_s: float, asked: str, path: str, route: str, status: int, **known: object
) -> None:
    """Log and count one answer.

    `asked` is the request's method, `route` the rule, and `known` what is logged
    besides the context. Health checks that found nothing are only logged for debugging.
    """
    seconds = time.perf_counter() - started_s
    method = asked if asked in _METHODS else "other"
    telemetry.observe_request(route, method, status, seconds)
    is_check = route in _CHECKS and status == HTTPStatus.OK
    (log.debug if is_check else log.info)(
        "request",
        method=method,
        path=path[:200],
        route=route,
        status=status,
        ms=round(seconds * 1_000, 1),
        **known,
    )
