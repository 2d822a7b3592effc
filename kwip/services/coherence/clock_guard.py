"""Refuse writes while this machine's clock and MongoDB's disagree.

Ids carry the time, so a wrong clock would put posts where no reader looks.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from kwip.domain.clock import to_ms
from kwip.domain.errors import StoreUnavailableError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.domain.clock import ClockMs
    from kwip.store.client import Document

#: The largest difference in milliseconds that still allows writes.
MAX_SKEW_MS = 2_000
#: How long one comparison is valid, in milliseconds of the monotonic clock.
CHECK_EVERY_MS = 60_000


class ClockGuard:
    """Compare the clocks at the first write, once a minute, and when this one jumps."""

    def __init__(
        self,
        hello: Callable[[], Document],
        clock: ClockMs,
        monotonic_ms: Callable[[], int],
    ):
        self._hello = hello
        self._clock = clock
        self._monotonic_ms = monotonic_ms
        self._lock = threading.Lock()
        self._checked_ms: int | None = None
        self._ahead_ms = 0
        self._skew_ms = 0

    def skew_ms(self) -> int:
        """Measure by how much this clock is ahead of MongoDB's; one command.

        The answer is assumed to take half of the round trip.
        """
        before = self._clock()
        server = to_ms(self._hello()["localTime"])
        after = self._clock()
        return (before + after) // 2 - server

    def require(self) -> None:
        """Raise unless the clocks agree.

        Raises:
            StoreUnavailableError: They are more than 2 s apart.
        """
        with self._lock:
            now = self._monotonic_ms()
            ahead_ms, checked = self._clock() - now, self._checked_ms
            has_jumped = abs(ahead_ms - self._ahead_ms) > MAX_SKEW_MS
            is_old = checked is None or now - checked >= CHECK_EVERY_MS
            if is_old or has_jumped or self._is_off:
                self._skew_ms = self.skew_ms()
                self._checked_ms, self._ahead_ms = now, ahead_ms
            if self._is_off:
                raise StoreUnavailableError(
                    lazy_gettext(
                        "This server's clock is wrong, so you can't post right now. "
                        "Try again later."
                    ),
                    retry_after_s=60,
                    skew_ms=self._skew_ms,
                )

    @property
    def _is_off(self) -> bool:
        return abs(self._skew_ms) > MAX_SKEW_MS
