"""Notice when the operator asks the supervisor to stop."""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Shutdown:
    """Knows whether the operator asked to stop: Ctrl-C, SIGTERM, a closed terminal.

    The signal numbers arrive in a pipe, so that nothing is interrupted halfway and a
    child's death wakes the wait at once.
    """

    _ASKS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, pipe: int):
        self._pipe = pipe
        self._asked = False

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[Shutdown]:
        """Catch the signals while the block runs."""
        read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        numbers = (*cls._ASKS, signal.SIGCHLD)
        before = {number: signal.signal(number, _ignore) for number in numbers}
        old = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        try:
            yield cls(read_end)
        finally:
            signal.set_wakeup_fd(old)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(read_end)
            os.close(write_end)

    def wait(self, seconds: float) -> bool:
        """Wait for a signal, `seconds` at most; return whether to stop."""
        if not self._asked and select.select([self._pipe], [], [], seconds)[0]:
            self._asked = any(byte in self._ASKS for byte in os.read(self._pipe, 512))
        return self._asked


def _ignore(_number: int, _frame: object) -> None:
    """Replace the default action; `Shutdown` reads the number."""
