"""Threads that do the same work repeatedly, for as long as their process lives.

A thread that ends with an error leaves its work undone while everything else looks
fine. So a loop survives every `Exception`: it counts and logs it, and tries again after
a pause. If its thread ends anyway, the process exits too, and the supervisor restarts
it.

A loop beats when a piece of its work is done, never when it failed. One that does not
beat is stuck or fails each time.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.domain.errors import KwipError

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()

#: The pause after a failure, in seconds: doubled with each further one in a row, up to
#: the longest, which is short enough for everything to work again within 30 s of the
#: end of an outage.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 5.0
#: A loop without a heartbeat for this long is reported. Longer than any pause, and
#: than one piece of work takes while the servers answer.
SILENT_S = 30.0
#: The exit status of the process when one of its loops has ended; gunicorn reserves 3
#: and 4.
EXIT_STATUS = 70


class Loop:
    """A thread that does its work until it is stopped.

    Args:
        name: Its name in metrics and logs.
        work: Does a piece of the work and returns the seconds until the next one. A
            long one calls `wait` or `beat` in between.
        on_beat: Called with each heartbeat; it may fail as the work may.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[Loop], float],
        *,
        on_beat: Callable[[], None] | None = None,
    ):
        self.name = name
        self._work = work
        self._on_beat = on_beat
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._beat_at: float | None = None
        self._pause_s = FIRST_PAUSE_S

    @property
    def is_stopped(self) -> bool:
        """Whether the work should end."""
        return self._stopped.is_set()

    @property
    def silent_s(self) -> float:
        """Seconds since the last heartbeat, 0 for a loop that was never started."""
        return 0.0 if self._beat_at is None else time.monotonic() - self._beat_at

    def start(self) -> None:
        """Start the thread; call it in the process that should do the work."""
        self._show_life()
        self._thread.start()

    def request_stop(self) -> None:
        """Let the thread end after its current piece of work."""
        self._stopped.set()

    def stop(self) -> None:
        """End the thread, if it was started, and wait for it."""
        self.request_stop()
        if self._thread.is_alive():
            self._thread.join()

    def beat(self) -> None:
        """Record that a piece of the work is done."""
        if self._on_beat is not None:
            self._on_beat()
        self._show_life()

    def wait(self, seconds: float) -> bool:
        """Beat, then wait; true as soon as the loop is stopped."""
        self.beat()
        return self._stopped.wait(seconds)

    def _show_life(self) -> None:
        self._beat_at = time.monotonic()
        self._pause_s = FIRST_PAUSE_S
        telemetry.LOOP_HEARTBEAT.labels(self.name).set_to_current_time()

    def _run(self) -> None:
        pause_s = 0.0
        try:
            while not self._stopped.wait(pause_s):
                pause_s = self._try()
        except BaseException:
            log.critical("loop_ended", loop=self.name, exc_info=True)
            raise
        finally:
            if not self.is_stopped:
                os._exit(EXIT_STATUS)

    def _try(self) -> float:
        """Do a piece of the work, even if it fails; return the pause after it."""
        try:
            pause_s = self._work(self)
            self.beat()
        except Exception as error:  # noqa: BLE001 -- the third place for it
            return self._after(error)
        return pause_s

    def _after(self, error: Exception) -> float:
        """Count and log a failure; return the pause before the next try."""
        pause_s = self._pause_s
        self._pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        telemetry.LOOP_FAILURES.labels(self.name).inc()
        context = error.context if isinstance(error, KwipError) else None
        log.warning(
            "loop_failed",
            loop=self.name,
            error=type(error).__name__,
            context=context,
            retry_in_s=pause_s,
            exc_info=error if context is None else None,
        )
        return pause_s
