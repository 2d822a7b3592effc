"""Charge a request to rate limits, and decide whether to let it through.

A request is charged once, by its first call to Redis. If that call finds the credential
in the cache, the user and the token are charged, else the address that the request
comes from. When MongoDB has then confirmed the credential, the next call moves the
charge to the user and the token. So a forged token costs whoever sent it, and never the
user it names.

Whatever a request reads beyond its share is added to the same windows when it ends.

When Redis does not answer, requests are let through and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.cache import keys, rate_limits
from kwip.cache.rate_limits import Charge
from kwip.domain.errors import RateLimitedError
from kwip.domain.messages import lazy_gettext
from kwip.domain.rate_limits import (
    API_WORK,
    PAGE_WORK,
    RateLimitStatus,
    in_words,
    whose,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.cache.keys import CacheKey
    from kwip.cache.rate_limits import Verdict
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.rate_limits import Window
    from kwip.services.coherence.fence import Fence

_US = 1_000_000
_US_PER_MS = 1_000


@dataclass(frozen=True, slots=True)
class RequestWindows:
    """The windows of one kind of request, packed ready for use.

    One charge covers `work` posts.
    """

    name: str
    work: int
    user: tuple[Window, ...]
    token: tuple[Window, ...]
    address: tuple[Window, ...]
    terms_guarded: bytes
    terms_known: bytes
    terms_address: bytes

    @classmethod
    def of(
        cls, name: str, windows: Mapping[str, Window], *, is_api: bool
    ) -> RequestWindows:
        """Make the windows of a quota in the route table.

        A request with a quota of its own is also charged to that of the API or of
        pages.
        """

        def among(*names: str) -> tuple[Window, ...]:
            return tuple(windows[n] for n in names if n in windows)

        if is_api:
            user, token = among("api_user", name), among("api_token")
            address = among("api_address")
        else:
            user, token, address = among("pages_user", name), (), among("pages_address")
        return cls(
            name,
            API_WORK if is_api else PAGE_WORK,
            user,
            token,
            address,
            rate_limits.guarded((*user, *token), address),
            rate_limits.plain((*user, *token)),
            rate_limits.plain(address),
        )

    def known_keys(self, user_id: UserId, digest: str) -> tuple[CacheKey, ...]:
        """Return the keys of a user's and a token's windows."""
        user = [keys.quota(w.name, user_id) for w in self.user]
        return (*user, *(keys.quota(w.name, digest) for w in self.token))

    def address_keys(self, address: str | None) -> tuple[CacheKey, ...]:
        """Return the keys of an address's windows."""
        return tuple(keys.quota(w.name, whose(address)) for w in self.address)


class RequestCharge:
    """What one request is yet to be charged, for one thread.

    ============================== =============================== =============
    state, and what leads to it    `due`: charged by the next call `needs_guard`
    ============================== =============================== =============
    opened                         the address                     no
    presented: `present`           user and token, or the address  yes
    guarded: `settle`              nothing                         yes
    confirmed: `confirm`           user and token, unless charged  no
    settled: `settle`              nothing                         no
    ============================== =============================== =============

    While it needs a guard, only a call whose first entry is the request's credential
    may charge it: that entry decides whether the user or the address pays. If the
    address has paid when the credential is confirmed, the next charge refunds it.
    `verdict` is the result of the last charge, None before it and without Redis. `FREE`
    is shared and never changes.
    """

    __slots__ = (
        "_address",
        "_known",
        "_request_windows",
        "_work",
        "due",
        "needs_guard",
        "verdict",
    )

    def __init__(self, windows: RequestWindows, address: str | None):
        self._request_windows = windows
        self._address = windows.address_keys(address)
        self._known: tuple[CacheKey, ...] = ()
        self.due: Charge | None = Charge(self._address, windows.terms_address)
        self.needs_guard = False
        self.verdict: Verdict | None = None
        self._work = 0

    def count(self, work: int) -> None:
        """Count work done for the request: one unit for each post read."""
        if self is not FREE:
            self._work += work

    @property
    def surcharge(self) -> int:
        """How many extra charges its work costs."""
        return self._work // self._request_windows.work

    @property
    def surcharged(self) -> tuple[CacheKey, ...]:
        """The windows that its work is charged to, without those of a kind of write."""
        if not self._known or self.needs_guard:
            return self._address
        windows = (*self._request_windows.user, *self._request_windows.token)
        return tuple(
            key
            for window, key in zip(windows, self._known, strict=True)
            if window.name != self._request_windows.name
        )

    def present(self, user_id: UserId, digest: str) -> None:
        """Charge the user that a credential names, if it turns out to be valid."""
        if self is FREE:
            return
        self._known = self._request_windows.known_keys(user_id, digest)
        windows = (*self._known, *self._address)
        self.due = Charge(windows, self._request_windows.terms_guarded)
        self.needs_guard = True

    def confirm(self) -> None:
        """Charge the user: the store has confirmed the credential.

        The same call refunds what the address was charged meanwhile.
        """
        if not self.needs_guard:
            return
        self.needs_guard = False
        charged = self.verdict
        if charged is not None and charged.is_known:
            return
        if charged is None and self.due is None:  # Redis does not answer
            return
        self.due = Charge(self._known, self._request_windows.terms_known)
        if charged is not None and self._address:
            back = self._address[0]
            self.due = rate_limits.giving_back(self.due, back, charged.now_us)

    def owed(self, *, is_guarded: bool) -> Charge | None:
        """Return what a call to Redis must charge, to pass its result to `settle`."""
        return self.due if is_guarded or not self.needs_guard else None

    def settle(self, verdict: Verdict | None) -> None:
        """Note the result of a charge; None lets the request through."""
        if self.due is None:
            return
        self.due = None
        if verdict is None:
            telemetry.RATE_LIMIT_ERRORS.labels(self._request_windows.name).inc()
        else:
            self.verdict = verdict

    def require(self) -> None:
        """Raise if the request exceeds its limits.

        Raises:
            RateLimitedError: It does.
        """
        verdict = self.verdict
        if verdict is not None and not verdict.is_allowed:
            telemetry.RATE_LIMIT_REFUSALS.labels(self._request_windows.name).inc()
            raise too_much(verdict, quota=self._request_windows.name)

    @property
    def status(self) -> RateLimitStatus | None:
        """What is left for the client; None if nothing limits it."""
        verdict = self.verdict
        if verdict is None or not verdict.limit:
            return None
        reset_ms = -(-verdict.reset_us // _US_PER_MS)
        remaining = max(0, verdict.remaining - self.surcharge)
        return RateLimitStatus(verdict.limit, remaining, reset_ms)


def _free() -> RequestCharge:
    request_charge = RequestCharge(RequestWindows.of("none", {}, is_api=True), None)
    request_charge.due = None
    return request_charge


#: The charge of requests that nothing limits.
FREE = _free()


class RateLimits:
    """Open and settle the charges of requests.

    Args:
        windows: The windows in use, by name.
        charges: Charges windows in the cache Redis.
        fence: Grants the right to use it.
    """

    def __init__(
        self,
        windows: Mapping[str, Window],
        charges: rate_limits.RateLimitWindows,
        fence: Fence,
    ):
        self._windows = windows
        self._charges = charges
        self._fence = fence
        self._request_windows: dict[tuple[str, bool], RequestWindows] = {}

    def open(self, quota: str, *, is_api: bool, address: str | None) -> RequestCharge:
        """Begin the charge of a request from an address."""
        windows = self._request_windows.get((quota, is_api))
        if windows is None:
            windows = RequestWindows.of(quota, self._windows, is_api=is_api)
            self._request_windows[quota, is_api] = windows
        if not (windows.user or windows.token or windows.address):
            return FREE
        return RequestCharge(windows, address)

    def charge(self, request_charge: RequestCharge) -> None:
        """Charge what is still due, in a round trip of its own.

        Raises:
            RateLimitedError: The request exceeds its limit.
        """
        if request_charge.due is None:
            return
        lease = self._fence.lease()
        verdict = None
        if lease is not None:
            verdict = self._charges.charge(lease.deployment, request_charge.due)
        request_charge.settle(verdict)
        request_charge.require()

    def pay_for(self, quota: str, viewer: Viewer) -> None:
        """Charge one more request of a kind to a viewer; one round trip.

        Raises:
            RateLimitedError: It exceeds a limit.
        """
        request_charge = self.open(quota, is_api=False, address=None)
        request_charge.present(viewer.id, viewer.digest)
        request_charge.confirm()
        self.charge(request_charge)

    def spend(self, quota: str, user_id: UserId) -> None:
        """Charge something to one window of a user, in a round trip of its own.

        For what is not a request of its own, such as a part of a job.

        Raises:
            RateLimitedError: It exceeds the limit.
        """
        window, lease = self._windows.get(quota), self._fence.lease()
        if window is None or lease is None:
            return
        charge = Charge((keys.quota(quota, user_id),), rate_limits.plain([window]))
        verdict = self._charges.charge(lease.deployment, charge)
        if verdict is None:
            telemetry.RATE_LIMIT_ERRORS.labels(quota).inc()
        elif not verdict.is_allowed:
            telemetry.RATE_LIMIT_REFUSALS.labels(quota).inc()
            raise too_much(verdict, quota=quota)

    def pay_work(self, request_charge: RequestCharge) -> None:
        """Charge the work of a finished request.

        It waits for no answer and refuses no request; the next one simply has less
        left.
        """
        verdict, times = request_charge.verdict, request_charge.surcharge
        if not times or verdict is None or not verdict.is_allowed:
            return
        lease = self._fence.lease()
        if lease is not None:
            self._charges.add(
                lease.deployment, request_charge.surcharged, verdict.now_us, times
            )


def too_much(verdict: Verdict, **context: object) -> RateLimitedError:
    """Return the error for a refused charge, with the time to try again."""
    wait_s = max(verdict.reset_us - verdict.now_us, 0) / _US
    return RateLimitedError(
        lazy_gettext("Too many requests. Try again %(when)s.", when=in_words(wait_s)),
        retry_after_s=max(wait_s, 1.0),
        **context,
    )
