"""The quota of a request: opened before its endpoint, and said in its answer.

A read is charged by its first call to Redis, a write before its endpoint runs. What
the API answers without asking Redis is charged at its end, and so is whatever failed;
a page that succeeded is not, for what the quota should spare is spent.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import structlog
from flask import g, request

from kwip.blueprints import errors, http
from kwip.domain.errors import RateLimitedError
from kwip.services.reading.rate_limits import FREE

if TYPE_CHECKING:
    from flask import Response

    from kwip.blueprints.table import Policy
    from kwip.services.reading.rate_limits import RequestCharge

log = structlog.get_logger()

#: Charged by `services.sign_in`, which knows the account, or not at all.
_ELSEWHERE = frozenset({"none", "sign_in", "sign_up"})
#: Failures that cost a visitor nothing: one that was refused, and one of our servers.
_UNCHARGED = frozenset({429, 503})


def open_charge(policy: Policy) -> None:
    """Begin the request's bill; it is the address's until a credential is shown.

    Raises:
        RateLimitedError: The charge was begun before, and it is too much.
    """
    begun = http.begun()
    if begun is not None:
        g.request_charge = begun.request_charge
        if begun.refusal is not None:
            raise begun.refusal
        return
    if policy.quota in _ELSEWHERE:
        g.request_charge = FREE
        return
    g.request_charge = http.services().rate_limits.open(
        policy.quota, is_api=policy.is_api, address=request.remote_addr
    )


def pay() -> None:
    """Charge what is due, in a call of its own.

    A write, whose permission never comes from the cache, to its user, or to its address
    if its credential is no good.

    Raises:
        RateLimitedError: It is too much.
    """
    http.services().rate_limits.pay(g.get("request_charge", FREE))


def pay_failure(policy: Policy, number: int) -> None:
    """Charge a request that failed, unless it has been charged already.

    What has no quota, or one that counts something else, is charged to its address.

    Raises:
        RateLimitedError: It is too much.
    """
    if number in _UNCHARGED:
        return
    if g.get("request_charge", FREE) is FREE:
        g.request_charge = http.services().rate_limits.open(
            "pages" if policy.quota in _ELSEWHERE else policy.quota,
            is_api=policy.is_api,
            address=request.remote_addr,
        )
    pay()


def pay_work() -> None:
    """Charge what the request has read beyond its share, at its very end."""
    http.services().rate_limits.pay_work(g.get("request_charge", FREE))


def finish(response: Response, policy: Policy) -> Response:
    """Charge what is due at the end, and tell a client of the API what is left."""
    has_failed = response.status_code >= errors.FIRST_ERROR
    try:
        if has_failed:
            pay_failure(policy, response.status_code)
        elif policy.is_api:
            pay()
    except RateLimitedError as error:
        response = errors.answer(error)
    if policy.is_api and (has_failed or policy.cache != "widget"):
        # What shared caches keep would tell others how much is left to who came first.
        response.headers.update(headers(g.get("request_charge", FREE)))
    return response


def headers(request_charge: RequestCharge) -> list[tuple[str, str]]:
    """Say what is left to a client; nothing if nothing limits it."""
    limit = request_charge.rate_limit
    if limit is None:
        return []
    reset = dt.datetime.fromtimestamp(limit.reset_ms / 1_000, dt.UTC)
    moment = f"{reset:%Y-%m-%dT%H:%M:%S}.{limit.reset_ms % 1_000:03}Z"
    return [
        ("X-RateLimit-Limit", str(limit.limit)),
        ("X-RateLimit-Remaining", str(limit.remaining)),
        ("X-RateLimit-Reset", moment),
    ]
