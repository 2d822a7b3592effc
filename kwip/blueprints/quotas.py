"""The quota of a request: opened before its endpoint, and said in its answer.

A read is charged by its first call to Redis, a write before its endpoint runs. What
the API answers without asking Redis is charged at its end; a page is not charged then,
for what the quota should spare is spent.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import structlog
from flask import g, request

from kwip.blueprints import errors, http
from kwip.domain.errors import RateLimitedError
from kwip.services.quotas import FREE, Bill

if TYPE_CHECKING:
    from flask import Response

    from kwip.blueprints.table import Policy

log = structlog.get_logger()

#: Charged by `services.admission`, which knows the account, or not at all.
_ELSEWHERE = frozenset({"none", "sign_in", "sign_up"})


def open_bill(policy: Policy) -> None:
    """Begin the request's bill; it is the address's until a credential is shown.

    Raises:
        RateLimitedError: The bill was begun before, and it is too much.
    """
    begun = http.begun()
    if begun is not None:
        g.bill = begun.bill
        if begun.refusal is not None:
            raise begun.refusal
        return
    if policy.quota in _ELSEWHERE:
        g.bill = FREE
        return
    g.bill = http.services().quotas.open(
        policy.quota, is_api=policy.is_api, address=request.remote_addr
    )


def pay() -> None:
    """Charge a write, whose permission never comes from the cache.

    To its user, or to its address if its credential is no good.

    Raises:
        RateLimitedError: It is too much.
    """
    http.services().quotas.pay(g.bill)


def finish(response: Response, policy: Policy) -> Response:
    """Say to a client of the API what is left to it, on errors too."""
    bill: Bill = g.get("bill", FREE)
    if not policy.is_api:
        return response
    try:
        http.services().quotas.pay(bill)
    except RateLimitedError as error:
        response = errors.on_kwip_error(error)
    if response.status_code >= errors.FIRST_ERROR or policy.cache != "widget":
        # What shared caches keep would tell others how much is left to who came first.
        response.headers.update(headers(bill))
    return response


def headers(bill: Bill) -> list[tuple[str, str]]:
    """Say what is left to a client; nothing if nothing limits it."""
    limit = bill.rate_limit
    if limit is None:
        return []
    reset = dt.datetime.fromtimestamp(limit.reset_ms / 1_000, dt.UTC)
    moment = f"{reset:%Y-%m-%dT%H:%M:%S}.{limit.reset_ms % 1_000:03}Z"
    return [
        ("X-RateLimit-Limit", str(limit.limit)),
        ("X-RateLimit-Remaining", str(limit.remaining)),
        ("X-RateLimit-Reset", moment),
    ]
