"""What exports and imports have in common: the lease of a worker, and the progress."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import RateLimitedError
from kwip.domain.messages import lazy_gettext
from kwip.domain.rate_limits import in_words

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from kwip.domain.accounts.transfers import Transfer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.reading.rate_limits import RateLimits
    from kwip.store.accounts.transfers import TransferStore
    from kwip.store.media import MediaStorage

#: Longer than storing one large file; another worker goes on after it.
LEASE = timedelta(minutes=2)
#: Seconds between two notes of progress.
_NOTE_S = 1.0
#: Each attempt after the first one means that a worker died.
MOST_ATTEMPTS = 20
#: What people see of errors that are not theirs.
FAILED = lazy_gettext("Something went wrong on our side. Try again.")


class StoppedError(Exception):
    """Another worker has the lease, or the user has cancelled it."""


@dataclass(slots=True)
class NotedProgress:
    """Progress that is stored, so that pages can show it, and that keeps the lease."""

    store: TransferStore
    held: Transfer
    clock: ClockMs
    monotonic: Callable[[], float] = time.monotonic
    _phase: str = ""
    _done: int = 0
    _total: int = 0
    _next_s: float = field(default=0.0, init=False)

    def begin(self, phase: str, total: int, done: int = 0) -> None:
        """Begin a phase.

        Raises:
            StoppedError: The lease is lost.
        """
        self._phase, self._total, self._done = phase, total, done
        self._note()

    def advance(self, count: int = 1) -> None:
        """Count what is done; store it at most once a second.

        Raises:
            StoppedError: The lease is lost.
        """
        self._done += count
        if self.monotonic() >= self._next_s:
            self._note()

    def _note(self) -> None:
        self._next_s = self.monotonic() + _NOTE_S
        values = {"phase": self._phase, "done": self._done, "total": self._total}
        if not self.store.note(self.held, values, lease_end(self.clock)):
            raise StoppedError


def spend_import(rate_limits: RateLimits, user_id: UserId) -> None:
    """Charge an import to its user.

    Raises:
        RateLimitedError: There were too many today.
    """
    try:
        rate_limits.spend("imports", user_id)
    except RateLimitedError as error:
        wait_s = error.retry_after_s
        message = lazy_gettext(
            "You've imported a lot today. Try again %(when)s.",
            when=in_words(wait_s),
        )
        raise RateLimitedError(message, retry_after_s=wait_s) from error


def take(store: TransferStore, user_id: UserId, clock: ClockMs) -> Transfer | None:
    """Take the lease on a transfer; None if it has ended or is another worker's."""
    return store.begin(user_id, secrets.token_hex(8), at(clock()), lease_end(clock))


def lease_end(clock: ClockMs) -> dt.datetime:
    """Return when a lease that is taken now ends."""
    return at(clock()) + LEASE


def remove_file(media: MediaStorage, path: str) -> None:
    """Delete a file of a transfer, if it exists."""
    media.set_aside([path])
    media.discard([path])
