"""Signals to the supervisor: which of them end everything."""

from __future__ import annotations

import os
import signal

import pytest

from kwip.embedded import shutdown
from kwip.embedded.shutdown import Shutdown


@pytest.fixture
def terminal(monkeypatch):
    """Return a list that has something in it while there is a terminal."""
    there = ["a terminal"]
    monkeypatch.setattr(shutdown, "_has_terminal", lambda: bool(there))
    return there


def nothing():
    """Change nothing before the signal."""


def after(number, act=nothing):
    """Send ourselves a signal; return whether to stop, and how often to reload."""
    reloads = []
    with Shutdown.listening() as ends:
        ends.on_reload(lambda: reloads.append(1))
        act()
        os.kill(os.getpid(), number)
        return ends.wait(5), len(reloads)


def test_a_hangup_reloads_while_the_terminal_is_there(terminal):
    assert after(signal.SIGHUP) == (False, 1)


def test_a_hangup_reloads_what_never_had_a_terminal(terminal):
    terminal.clear()

    assert after(signal.SIGHUP) == (False, 1)


def test_a_closed_terminal_ends_everything(terminal):
    assert after(signal.SIGHUP, terminal.clear) == (True, 0)


def test_sigterm_ends_everything(terminal):
    assert after(signal.SIGTERM) == (True, 0)
