"""Notice when the operator asks the supervisor to stop, or to reload."""

from __future__ import annotations

import os
import select
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Shutdown:
    """Knows whether the operator asked to stop: Ctrl-C, SIGTERM, a closed terminal.

    A SIGHUP also comes when the terminal closes, but it is a request to reload if the
    terminal is still there, or if there never was one.
    The signal numbers arrive in a pipe, so that nothing is interrupted halfway and a
    child's death wakes the wait at once.
    """

    _ASKS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, pipe: int):
        self._pipe = pipe
        self._asked = False
        self._had_terminal = _has_terminal()
        self._reload: Callable[[], None] = _nothing

    def on_reload(self, reload: Callable[[], None]) -> None:
        """Call `reload`, in `wait`, when the operator asks for it."""
        self._reload = reload

    @classmethod
    @contextmanager
    def listening(cls) -> Iterator[Shutdown]:
        """Catch the signals while the block runs."""
        read_end, write_end = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        numbers = (*cls._ASKS, signal.SIGHUP, signal.SIGCHLD)
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
            numbers = set(os.read(self._pipe, 512))
            is_hangup = signal.SIGHUP in numbers
            has_lost_terminal = self._had_terminal and not _has_terminal()
            self._asked = not numbers.isdisjoint(self._ASKS) or (
                is_hangup and has_lost_terminal
            )
            if is_hangup and not self._asked:
                self._reload()
        return self._asked


def _has_terminal() -> bool:
    """Return whether this process has a controlling terminal, which is not gone."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _nothing() -> None:
    """Replace what nobody has asked for yet."""


def _ignore(_number: int, _frame: object) -> None:
    """Replace the default action; `Shutdown` reads the number."""
