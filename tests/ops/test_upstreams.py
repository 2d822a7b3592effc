"""The health checks of the servers behind nginx."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog

from kwip.cli.upstreams import _Watch
from kwip.nginx import upstreams
from kwip.nginx.health_checks import check
from kwip.nginx.upstreams import MOST_RISE, RISE, STEADY_S, Check, Judge
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


def ran(work):
    # In a thread of its own: a browser of other tests has a loop in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


def checked(port):
    return ran(check(f"127.0.0.1:{port}", 5.0))


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


def app(_, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


def test_a_watch_only_changes_marks_and_bad_addresses_are_servers_that_fail(tmp_path):
    good, dead = (f"127.0.0.1:{free_port()}" for _ in range(2))
    lines = [
        f"# server {dead}; is new\r",
        f"server {good} weight=3 max_fails=0;\r",
        f"  server\t{dead} max_fails=0 weight=3; # slow",
        "server kwip.example max_fails=0;",
        "server 127.0.0.1:99999 max_fails=0;",
        f"server {good[:-1]}\xff max_fails=0;",
        "server unix:/none.sock down max_fails=0;",
        "server 10.0.0.9:80",
    ]
    path = tmp_path / "kwip_read.conf"
    path.write_bytes("\n".join(lines).encode("latin-1"))
    watch = _Watch(tmp_path, tmp_path / "nginx.pid")
    with served(app, int(good.rpartition(":")[2])):
        for _ in range(2):
            ran(watch._look())

    lines[2] = f"  server\t{dead} max_fails=0 weight=3 down; # slow"
    assert path.read_bytes().decode("latin-1").split("\n") == lines
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


def test_a_list_that_changes_during_a_check_keeps_its_new_servers(tmp_path):
    upstreams.write(tmp_path, "kwip_read", upstreams.listing(["a:1", "b:1"]))
    old = upstreams.read(tmp_path)["kwip_read"]
    upstreams.write(tmp_path, "kwip_read", upstreams.listing(["b:1", "c:1"]))

    upstreams.mark(tmp_path, "kwip_read", dict.fromkeys(old, True))

    assert upstreams.read(tmp_path) == {"kwip_read": {"b:1": True, "c:1": False}}


def test_nginx_is_told_of_a_change_once_it_can_be(tmp_path, monkeypatch):
    def told(pid_file):
        reloads.append(pid_file)
        if len(reloads) == 1:
            raise PermissionError("not yours")

    pid_file, reloads = tmp_path / "nginx.pid", []
    watch = _Watch(tmp_path, pid_file, _is_due=True)
    with structlog.testing.capture_logs() as lines:
        for _ in range(3):
            watch._reload()
        monkeypatch.setattr(upstreams, "workers", lambda _: frozenset({1}))
        monkeypatch.setattr(upstreams, "reload", told)
        for _ in range(3):
            watch._reload()

    assert reloads == [pid_file] * 2
    assert [line["hint"] for line in lines] == [
        f"{pid_file}: nginx is not running",
        "not yours",
    ]
