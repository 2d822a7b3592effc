"""Threads that outlast every error, and end their process when they end."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from config.settings import PROJECT
from kwip import loops, telemetry
from kwip.domain.errors import StoreUnavailableError
from kwip.loops import Loop
from tests.servers import wait_until

ENDING = """
import threading
from config.logging import configure
from kwip.loops import Loop

def work(loop):
    raise SystemExit("the work")

configure("info")
Loop("test", work).start()
threading.Event().wait(20)
"""


class Work:
    """Raise some errors in turn, then succeed."""

    def __init__(self, *errors):
        self.errors = list(errors)
        self.done = threading.Event()

    def __call__(self, _loop):
        if self.errors:
            raise self.errors.pop(0)
        self.done.set()
        return 0.01


@pytest.fixture
def start(monkeypatch):
    """Return a function that starts a loop, with short pauses after failures."""
    monkeypatch.setattr(loops, "FIRST_PAUSE_S", 0.01)
    started = []

    def start(work, **options):
        loop = Loop("test", work, **options)
        started.append(loop)
        loop.start()
        return loop

    yield start
    for loop in started:
        loop.stop()


def failures():
    return telemetry.LOOP_FAILURES.labels("test")._value.get()


def heartbeat():
    return telemetry.LOOP_HEARTBEAT.labels("test")._value.get()


def test_a_loop_outlasts_every_error_and_counts_it(start):
    before = failures()
    work = Work(RuntimeError(), StoreUnavailableError(), OSError(28, "full"))
    start(work)

    assert work.done.wait(20)
    assert failures() == before + 3


def test_an_error_of_its_heartbeat_is_outlasted_too(start):
    errors = [StoreUnavailableError(), RuntimeError()]
    beaten = threading.Event()

    def on_beat():
        if errors:
            raise errors.pop()
        beaten.set()

    start(Work(), on_beat=on_beat)

    assert beaten.wait(20)


def test_pauses_double_up_to_five_seconds_and_begin_anew_after_success():
    work = Work(*[RuntimeError()] * 6)
    loop = Loop("test", work)
    pauses = [loop._try() for _ in range(7)]
    work.errors.append(RuntimeError())

    assert pauses == [0.5, 1, 2, 4, 5, 5, 0.01]
    assert loop._try() == 0.5


def test_work_that_waits_in_between_is_not_failing_in_a_row():
    def work(loop):
        loop.wait(0)
        raise RuntimeError

    loop = Loop("test", work)

    assert [loop._try() for _ in range(3)] == [0.5] * 3


def test_what_fails_does_not_beat_and_what_is_done_does():
    work = Work(RuntimeError(), StoreUnavailableError())
    loop = Loop("test", work)
    before = heartbeat()
    loop._try()
    loop._try()
    assert heartbeat() == before

    loop._try()

    assert heartbeat() > before
    assert 0 <= loop.silent_s < 10


def test_a_defect_has_its_traceback_and_a_server_that_is_away_its_reason(quiet_log):
    defect = RuntimeError("a")
    loop = Loop("test", Work(defect, StoreUnavailableError(reason="away")))
    loop._try()
    loop._try()

    assert {line["event"] for line in quiet_log} == {"loop_failed"}
    assert [line["exc_info"] for line in quiet_log] == [defect, None]
    assert [line["context"] for line in quiet_log] == [None, {"reason": "away"}]


def test_a_process_ends_when_the_thread_of_a_loop_does():
    run = subprocess.run(
        [sys.executable, "-c", ENDING], cwd=PROJECT, capture_output=True, check=False
    )

    assert run.returncode == loops.EXIT_STATUS
    assert b'"event": "loop_ended"' in run.stdout
    assert b"the work" in run.stdout


def test_a_stopped_loop_ends_though_it_rests(start):
    loop = start(lambda _: 1_000.0)
    wait_until(lambda: loop.silent_s < 1)
    loop.stop()

    assert loop.is_stopped
    assert not loop._thread.is_alive()


def test_a_loop_that_was_never_started_is_not_silent_and_can_be_stopped():
    loop = Loop("test", Work())
    loop.stop()

    assert loop.silent_s == 0
