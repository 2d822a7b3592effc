"""Let requests wait until there is something new, without polling the stores.

A request is registered under its topics *before* its first check, so nothing is lost
between check and wait. A signal wakes it to check again, with a new loader: the signal
only says that there may be something. Signals may get lost, so a request also checks at
its end, every few seconds while signals cannot be received, and as soon as they can be
again.
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

#: How many requests of a process check at once; the others wait or queue. Each holds a
#: connection to Redis, and one signal may wake 2,000.
TURNS = 16
#: How many connections a live process accepts; each needs memory.
MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class LiveTimes:
    """How long a request may wait, in seconds.

    Attributes:
        longest_s: Until its last check; proxies time out after 30 s.
        deaf_s: Between two checks while signals cannot be received.
        settle_s: Between a signal for the public timeline and the check, since its
            cached value may lag (`cache.keys.ARRIVAL_PACE_MS`).
    """

    longest_s: float = 25.0
    deaf_s: float = 5.0
    settle_s: float = (ARRIVAL_PACE_MS + 50) / 1000


class Live:
    """The waiting requests of this process, and what wakes them.

    Args:
        times: How long they wait.
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
        telemetry.LONG_POLLS_LIMIT.set(MOST_WAITING)

    def close(self) -> None:
        """End all waits at once, as if they had timed out."""
        self._is_open = False
        self._wake_all()

    def heard(self, topics: Iterable[str]) -> None:
        """Wake the requests that wait for one of `topics`."""
        with self._lock:
            event = [one for topic in topics for one in self._waiting.get(topic, ())]
        for one in event:
            one.set()

    def linked(self) -> None:
        """Note that signals arrive again; waiting requests may have missed some."""
        self._is_linked = True
        self._wake_all()

    def unlinked(self) -> None:
        """Note that signals no longer arrive."""
        self._is_linked = False

    def wait(self, topics: Collection[str], look: Callable[[], T | None]) -> T | None:
        """Call `look` until it finds something; None after the longest time.

        The caller holds a turn, which is given up while waiting. Each call of `look`
        must use a loader of its own.

        Raises:
            StoreUnavailableError: This process is not a live process.
        """
        if not self._is_open:
            raise StoreUnavailableError(
                "Only the live process answers long polls. Route /poll/ to it.",
                retry_after_s=60.0,
                reason="not a live process",
            )
        end = self._monotonic() + self._times.longest_s
        with (
            self._registered(set(topics)) as event,
            telemetry.LONG_POLLS.track_inprogress(),
        ):
            while True:
                event.clear()
                found = look()
                if found is not None or self._is_over(end):
                    return found
                self._sleep(event, end)
                if PUBLIC in topics:
                    self._settle()

    def _wake_all(self) -> None:
        with self._lock:
            everybody = [one for waiting in self._waiting.values() for one in waiting]
        for event in everybody:
            event.set()

    def _is_over(self, end: float) -> bool:
        return not self._is_open or self._monotonic() >= end

    @contextmanager
    def _registered(self, topics: Collection[str]) -> Iterator[threading.Event]:
        event = threading.Event()
        with self._lock:
            for topic in topics:
                self._waiting.setdefault(topic, set()).add(event)
        try:
            yield event
        finally:
            with self._lock:
                for topic in topics:
                    self._leave(topic, event)

    def _leave(self, topic: str, event: threading.Event) -> None:
        waiting = self._waiting[topic]
        waiting.discard(event)
        if not waiting:
            del self._waiting[topic]

    def _settle(self) -> None:
        """Wait for what may lag; several signals meanwhile cost one check."""
        self.turns.release()
        time.sleep(self._times.settle_s)
        self.turns.acquire()

    def _sleep(self, event: threading.Event, end: float) -> None:
        """Sleep until a signal, the end, or the time when one may have been missed.

        While signals cannot be received, requests wake at different moments.
        """
        self.turns.release()
        try:
            while (rest_s := end - self._monotonic()) > 0:
                nap_s = self._times.deaf_s * random.uniform(0.8, 1.2)  # noqa: S311
                if event.wait(min(rest_s, nap_s)) or not self._is_linked:
                    return
        finally:
            self.turns.acquire()
