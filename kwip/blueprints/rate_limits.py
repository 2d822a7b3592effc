"""Rate limits of a request: charged before its endpoint, and reported in the response.

A read is charged by its first call to Redis, a write before its endpoint runs. What the
API answers without Redis is charged at the end, and so is whatever failed; a page that
succeeded is not, because its cost is already spent.
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

#: Charged by `services.accounts.sign_in`, which knows the account, or not at all.
_ELSEWHERE = frozenset({"none", "sign_in", "sign_up", "reset"})
#: Failures that cost a visitor nothing: a refused request, and a failure of our
#: servers.
_UNCHARGED = frozenset({429, 503})


def open_charge(policy: Policy) -> None:
    """Begin the request's charge; it is the address's until a credential is confirmed.

    Raises:
        RateLimitedError: It was charged before and exceeds its limit.
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


def charge() -> None:
    """Charge what is due, in a call of its own.

    A write, whose permission never comes from the cache, is charged to its user, or to
    its address if the credential is invalid.

    Raises:
        RateLimitedError: The request exceeds its limit.
    """
    http.services().rate_limits.charge(g.get("request_charge", FREE))


def pay_file() -> None:
    """Charge a file that came with a form as if it had been uploaded alone.

    Raises:
        RateLimitedError: The viewer has uploaded too much.
    """
    http.services().rate_limits.pay_for("media", http.signed_in())


def pay_failure(policy: Policy, number: int) -> None:
    """Charge a failed request, unless it has been charged already.

    If it has no quota, or one that counts something else, its address is charged.

    Raises:
        RateLimitedError: The request exceeds its limit.
    """
    if number in _UNCHARGED:
        return
    if g.get("request_charge", FREE) is FREE:
        g.request_charge = http.services().rate_limits.open(
            "pages" if policy.quota in _ELSEWHERE else policy.quota,
            is_api=policy.is_api,
            address=request.remote_addr,
        )
    charge()


def pay_work() -> None:
    """Charge what the request has read beyond its share, at its very end."""
    http.services().rate_limits.pay_work(g.get("request_charge", FREE))


def finish(response: Response, policy: Policy) -> Response:
    """Charge what is due at the end, and tell API clients what is left."""
    has_failed = response.status_code >= errors.FIRST_ERROR
    try:
        if has_failed:
            pay_failure(policy, response.status_code)
        elif policy.is_api:
            charge()
    except RateLimitedError as error:
        response = errors.answer(error)
    if policy.is_api and (has_failed or policy.cache != "widget"):
        # A shared cache would show others how much is left for whoever came first.
        response.headers.update(headers(g.get("request_charge", FREE)))
    return response


def headers(request_charge: RequestCharge) -> list[tuple[str, str]]:
    """Return the headers that say what is left; none if nothing limits the client."""
    status = request_charge.status
    if status is None:
        return []
    reset = dt.datetime.fromtimestamp(status.reset_ms / 1_000, dt.UTC)
    moment = f"{reset:%Y-%m-%dT%H:%M:%S}.{status.reset_ms % 1_000:03}Z"
    return [
        ("X-RateLimit-Limit", str(status.limit)),
        ("X-RateLimit-Remaining", str(status.remaining)),
        ("X-RateLimit-Reset", moment),
    ]
