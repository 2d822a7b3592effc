"""The health checks of the servers behind nginx."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.embedded.health_checks import check
from kwip.embedded.upstreams import MOST_RISE, RISE, STEADY_S, Check, Judge
from tests.ops.stack import free_port
from tests.served import served

WELL = Check(is_ok=True)
SILENT = Check(is_ok=False, detail="no answer within 1.2 s", is_silent=True)
UNREADY = Check(is_ok=False, detail="not ready")
GONE = Check(is_ok=False, detail="connection refused", is_refused=True)


class Pool:
    """Servers that are checked, and which of them are marked as down."""

    def __init__(self, servers):
        self.marks = dict.fromkeys(servers, False)
        self.now_s = 0.0
        self.judge = Judge(clock_s=lambda: self.now_s)

    def check(self, *checks, times=1):
        for _ in range(times):
            for server, found in zip(self.marks, checks, strict=True):
                self.judge.note(server, found)
            down = self.judge.down(self.marks)
            for server, was_down in self.marks.items():
                if was_down != (server in down):
                    self.judge.settle(server, is_down=not was_down)
            self.marks = {server: server in down for server in self.marks}
        return "".join(server for server, is_down in self.marks.items() if is_down)


def test_a_server_is_out_after_two_failures_and_back_after_two_successes():
    pool = Pool("abc")

    assert pool.check(WELL, UNREADY, WELL) == ""
    assert pool.check(WELL, WELL, WELL) == ""
    assert pool.check(WELL, UNREADY, WELL, times=2) == "b"
    assert pool.check(WELL, WELL, WELL) == "b"
    assert pool.check(WELL, WELL, WELL) == ""
    assert pool.check(WELL, WELL, SILENT) == "c"


@pytest.mark.parametrize("failure", [SILENT, UNREADY, GONE])
def test_no_pool_is_ever_empty(failure):
    pool, single = Pool("ab"), Pool("a")

    # What fails everywhere is not the fault of one server: perhaps it is the database.
    assert pool.check(failure, failure, times=5) == ""
    assert single.check(failure, times=5) == ""
    assert pool.check(WELL, failure, times=2) == "b"
    assert pool.check(failure, failure) == "b"
    assert pool.check(failure, failure) == ""


def test_who_is_well_is_back_at_once_when_nobody_else_is():
    pool = Pool("ab")

    assert pool.check(WELL, GONE, times=2) == "b"
    pool.check(GONE, GONE)
    assert pool.check(GONE, WELL) == "a"


def test_half_of_a_pool_stays_unless_nobody_listens():
    slow, dead = Pool("abc"), Pool("abc")

    assert slow.check(SILENT, WELL, WELL, times=2) == "a"
    assert slow.check(SILENT, SILENT, WELL, times=5) == "a"
    assert dead.check(GONE, GONE, WELL, times=2) == "ab"


def test_who_fails_again_and_again_has_to_be_well_for_longer():
    pool, needed = Pool("abc"), []

    for _ in range(8):
        assert pool.check(SILENT, WELL, WELL, times=2) == "a"
        needed.append(1)
        while pool.check(WELL, WELL, WELL):
            needed[-1] += 1
    pool.now_s += STEADY_S
    pool.check(SILENT, WELL, WELL, times=2)

    assert needed == [2, 4, 8, *[MOST_RISE] * 5]
    assert pool.check(WELL, WELL, WELL, times=RISE) == ""


def checked(port):
    # In a thread of its own: a browser of other tests has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, check(f"127.0.0.1:{port}", 5.0)).result()


def test_a_busy_server_is_well_and_one_without_a_database_is_not():
    answers = iter(
        [
            ("200 OK", b'{"status": "degraded"}'),
            ("503 Busy", b"<h1>Kwip is very busy right now</h1>"),
            ("503 Unready", b'{"status": "unready"}'),
            ("503 Draining", b'{"status": "draining"}'),
            ("500 Error", b""),
        ]
    )

    def server(_, start_response):
        status, body = next(answers)
        start_response(status, [("Content-Length", str(len(body)))])
        return [body]

    port = free_port()
    with served(server, port):
        found = [checked(port) for _ in range(5)]
    found.append(checked(free_port()))

    assert found == [
        WELL,
        WELL,
        UNREADY,
        UNREADY,
        Check(is_ok=False, detail="500"),
        GONE,
    ]
