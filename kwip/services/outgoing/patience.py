"""How long to wait for other sites, so that slow ones do not hold up the rest."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: For how long a host that did not answer in time is left alone; and how many of them.
_SLOW_S, _MOST_SLOW_HOSTS = 60.0, 1_000
_MINUTE_S = 60.0


class SlowHosts:
    """Hosts that did not answer in time: for a minute, nobody waits for them again.

    Otherwise a hundred links to one such host would hold up everybody else's.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._until: dict[str, float] = {}

    def add(self, host: str) -> None:
        """Remember a host."""
        now = self._clock()
        if len(self._until) >= _MOST_SLOW_HOSTS:
            self._until = {h: end for h, end in self._until.items() if end > now}
        if len(self._until) < _MOST_SLOW_HOSTS:
            self._until[host] = now + _SLOW_S

    def has(self, host: str) -> bool:
        """Return whether a host has been slow within the last minute."""
        return self._until.get(host, 0.0) > self._clock()


class Patience:
    """The time that all slow requests may take together.

    Otherwise links to a hundred different hosts that never answer would hold up
    everybody else's. Thread-safe.

    Args:
        budget_s: How long requests may wait in vain within a minute. Those that run
            count as if they will.
        brief_s: The time of a request when the budget is spent.
    """

    def __init__(
        self,
        budget_s: float = 20.0,
        brief_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._budget_s = budget_s
        self._brief_s = brief_s
        self._clock = clock
        self._lock = threading.Lock()
        self._running_s = 0.0
        self._lost: deque[tuple[float, float]] = deque()

    @contextmanager
    def granted(self, timeout_s: float) -> Iterator[float]:
        """Give the time of one request, which ends with this block.

        It waited in vain if it took all of that.
        """
        if not self._reserve(timeout_s):
            yield min(self._brief_s, timeout_s)
            return
        begun = self._clock()
        try:
            yield timeout_s
        finally:
            self._return(timeout_s, self._clock() - begun)

    def _reserve(self, timeout_s: float) -> bool:
        with self._lock:
            now = self._clock()
            while self._lost and self._lost[0][0] <= now - _MINUTE_S:
                self._lost.popleft()
            lost_s = sum(seconds for _, seconds in self._lost)
            if lost_s + self._running_s + timeout_s > self._budget_s:
                return False
            self._running_s += timeout_s
            return True

    def _return(self, timeout_s: float, took_s: float) -> None:
        with self._lock:
            self._running_s -= timeout_s
            if took_s >= timeout_s:
                self._lost.append((self._clock(), timeout_s))
