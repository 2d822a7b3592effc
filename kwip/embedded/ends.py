"""Tell the supervisor when the operator asks for the end."""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Ends:
    """Tells when the operator asks for the end: Ctrl-C, SIGTERM, a closed terminal.

    The signals' numbers arrive in a pipe, so that nothing is interrupted half-done and
    a child's death wakes the wait at once.
    """

    _ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, pipe: int):
        self._pipe = pipe
        self._asked = False

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[Ends]:
        """Catch the signals while the block runs."""
        loader, writing = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        numbers = (*cls._ASKS, signal.SIGCHLD)
        before = {number: signal.signal(number, _ignore) for number in numbers}
        old = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield cls(loader)
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(loader)
            os.close(writing)

    def wait(self, seconds: float) -> bool:
        """Wait until a signal comes, at most; say whether the end was asked for."""
        if not self._asked and select.select([self._pipe], [], [], seconds)[0]:
            self._asked = any(byte in self._ASKS for byte in os.read(self._pipe, 512))
        return self._asked


def _ignore(_number: int, _frame: object) -> None:
    """Take the place of the default action; `Ends` reads the number."""
