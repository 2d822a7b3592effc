"""Let requests wait until there is something new, without asking again and again.

Who waits is entered under a topic *before* the first look, so nothing falls between
look and wait. A ring wakes it to look again, with a new loader: the ring says only
that there may be something. Rings may get lost, so it looks once more at its end,
every few seconds while the signal cannot be heard, and as soon as it is heard again.
"""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from kwip import telemetry
from kwip.cache.keys import ARRIVAL_PACE_MS
from kwip.domain.errors import StoreUnavailableError
from kwip.services.delivery.signals import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

T = TypeVar("T")

#: So many requests of a process are at work at once; the others wait or queue. Each
#: holds a connection to Redis, and 2,000 may be woken by one ring.
TURNS = 16


@dataclass(frozen=True, slots=True)
class LiveTimes:
    """How long a request may wait, in seconds.

    Attributes:
        longest_s: Until its last look; proxies lose patience after 30 s.
        deaf_s: Between two looks while the signal cannot be heard.
        settle_s: Between a ring for everybody's timeline and the look: what is cached
            of it may lag (`cache.keys.ARRIVAL_PACE_MS`).
    """

    longest_s: float = 25.0
    deaf_s: float = 5.0
    settle_s: float = (ARRIVAL_PACE_MS + 50) / 1000


class Live:
    """Those who wait in this process, and what wakes them.

    Args:
        times: How long.
        monotonic: Seconds.
    """

    def __init__(
        self,
        times: LiveTimes | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._times = times or LiveTimes()
        self._monotonic = monotonic
        self._waiting: dict[str, set[threading.Event]] = {}
        self._lock = threading.Lock()
        self._is_linked = False
        self._is_open = False
        self.turns = threading.BoundedSemaphore(TURNS)

    def open(self) -> None:
        """Let requests wait here: this is a live process."""
        self._is_open = True

    def close(self) -> None:
        """Send everybody away at once, as if their time were over."""
        self._is_open = False
        self._wake_all()

    def heard(self, topics: Iterable[str]) -> None:
        """Wake those who wait for one of `topics`."""
        with self._lock:
            rung = [one for topic in topics for one in self._waiting.get(topic, ())]
        for one in rung:
            one.set()

    def linked(self) -> None:
        """Note that the signal is heard from now on; who waits may have missed it."""
        self._is_linked = True
        self._wake_all()

    def unlinked(self) -> None:
        """Note that the signal is heard no longer."""
        self._is_linked = False

    def wait(self, topics: Collection[str], look: Callable[[], T | None]) -> T | None:
        """Look until something is found; None after the longest time.

        The caller holds a turn, which is given up while waiting. Each look must begin
        a reading of its own.

        Raises:
            StoreUnavailableError: This process lets nobody wait.
        """
        if not self._is_open:
            raise StoreUnavailableError(
                "Only the live process answers long polls. Route /poll/ to it.",
                retry_after_s=60.0,
                reason="not a live process",
            )
        end = self._monotonic() + self._times.longest_s
        with (
            self._entered(set(topics)) as rung,
            telemetry.STREAM_CONNECTIONS.labels("poll").track_inprogress(),
        ):
            while True:
                rung.clear()
                found = look()
                if found is not None or self._is_over(end):
                    return found
                self._rest(rung, end)
                if PUBLIC in topics:
                    self._settle()

    def _wake_all(self) -> None:
        with self._lock:
            everybody = [one for waiting in self._waiting.values() for one in waiting]
        for rung in everybody:
            rung.set()

    def _is_over(self, end: float) -> bool:
        return not self._is_open or self._monotonic() >= end

    @contextmanager
    def _entered(self, topics: Collection[str]) -> Iterator[threading.Event]:
        rung = threading.Event()
        with self._lock:
            for topic in topics:
                self._waiting.setdefault(topic, set()).add(rung)
        try:
            yield rung
        finally:
            with self._lock:
                for topic in topics:
                    self._leave(topic, rung)

    def _leave(self, topic: str, rung: threading.Event) -> None:
        waiting = self._waiting[topic]
        waiting.discard(rung)
        if not waiting:
            del self._waiting[topic]

    def _settle(self) -> None:
        """Let what may lag arrive; several rings meanwhile cost one look."""
        self.turns.release()
        time.sleep(self._times.settle_s)
        self.turns.acquire()

    def _rest(self, rung: threading.Event, end: float) -> None:
        """Sleep until it rings, the time is over, or a ring may have been missed.

        While the signal is not heard, not all wake in the same moment.
        """
        self.turns.release()
        try:
            while (rest_s := end - self._monotonic()) > 0:
                nap_s = self._times.deaf_s * random.uniform(0.8, 1.2)  # noqa: S311
                if rung.wait(min(rest_s, nap_s)) or not self._is_linked:
                    return
        finally:
            self.turns.acquire()
