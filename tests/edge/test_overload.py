"""What waited too long for a thread is refused: gunicorn's own worker, for real."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest

from config.settings import PROJECT
from tests.servers import wait_until

APP = """
import pathlib, time
from kwip import web_worker

folder = pathlib.Path({folder!r})

class Worker(web_worker.WebWorker):
    clock = staticmethod(lambda: float((folder / "now").read_text()))
    queued = 0

    def enqueue_req(self, conn):
        super().enqueue_req(conn)
        self.queued += 1
        (folder / f"queued{{self.queued}}").touch()

def app(environ, start_response):
    (folder / "busy").touch()
    (folder / (environ["REQUEST_METHOD"] + environ["PATH_INFO"][1:])).touch()
    while environ["PATH_INFO"] == "/slow" and not (folder / "go").exists():
        time.sleep(0.01)
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.fixture
def server(tmp_path):
    """Run one thread of a server whose clock stands still; give its folder and port."""
    (tmp_path / "slow.py").write_text(APP.format(folder=str(tmp_path)))
    (tmp_path / "now").write_text("0")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-m", "gunicorn", "slow:app", "-k", "slow.Worker"),
        *("--threads", "1", "-b", f"127.0.0.1:{port}", "--no-control-socket"),
    ]
    paths = os.pathsep.join([str(tmp_path), str(PROJECT)])
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=log,
        stderr=log,
    )
    yield tmp_path, port
    (tmp_path / "go").touch()
    process.terminate()
    process.wait()
    log.close()


@contextmanager
def connected(port):
    def connect():
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except ConnectionRefusedError:
            return None

    made = []
    wait_until(lambda: made.append(connect()) or made[-1] is not None)
    with made[-1] as connection:
        yield connection


def send(connection, request):
    head = f"{request}\r\nHost: kwip\r\n\r\n"
    connection.sendall(head.encode())


def answer(connection):
    """Give status line, headers and body of one answer."""
    with connection.makefile("rb") as file:
        status = file.readline().decode().strip()
        headers = {}
        while line := file.readline().decode().strip():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        return status, headers, file.read(int(headers["content-length"]))


@contextmanager
def late(server, request, *, after_s, goes_on=True):
    """Let a request wait so long behind a slow one; give its connection.

    If nothing `goes_on`, the slow one is still not answered then.
    """
    folder, port = server
    with connected(port) as first:
        send(first, "GET /slow HTTP/1.1")
        wait_until((folder / "busy").exists)
        with connected(port) as second:
            send(second, request)
            wait_until((folder / "queued2").exists)
            (folder / "now").write_text(str(after_s))
            if goes_on:
                (folder / "go").touch()
            yield second


def test_a_health_check_does_not_wait_behind_others(server):
    with (
        late(server, "GET /home HTTP/1.1", after_s=0.0, goes_on=False),
        connected(server[1]) as check,
    ):
        send(check, "GET /readyz HTTP/1.1")
        status, headers, _ = answer(check)

    assert status == "HTTP/1.1 503 Service Unavailable"
    assert headers["connection"] == "close"
    assert not (server[0] / "GETreadyz").exists()


def test_nothing_is_done_for_a_client_that_gave_up_while_it_waited(server):
    folder, port = server
    with late(server, "GET /home HTTP/1.1", after_s=0.6, goes_on=False) as connection:
        connection.close()
        (folder / "go").touch()
        with connected(port) as last:
            send(last, "GET /last HTTP/1.1")
            assert answer(last)[0] == "HTTP/1.1 200 OK"

    assert not (folder / "GEThome").exists()


def test_who_has_waited_too_long_is_refused(server):
    with late(server, "GET /home HTTP/1.1", after_s=2.6) as connection:
        status, headers, body = answer(connection)

    assert status == "HTTP/1.1 503 Service Unavailable"
    assert headers["retry-after"] == "2"
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert b"<h1>Kwip is very busy right now</h1>" in body


def test_an_app_is_refused_in_json(server):
    with late(server, "GET /api/v1/timelines/home HTTP/1.1", after_s=2.6) as connection:
        status, headers, body = answer(connection)

    assert status == "HTTP/1.1 503 Service Unavailable"
    assert headers["access-control-allow-origin"] == "*"
    assert json.loads(body)["error"].startswith("Kwip is very busy")


@pytest.mark.parametrize("after_s", [0.4, 1.9])
def test_a_short_stall_is_waited_out(server, after_s):
    with late(server, "GET /home HTTP/1.1", after_s=after_s) as connection:
        assert answer(connection)[::2] == ("HTTP/1.1 200 OK", b"ok")


def test_after_a_refusal_the_connection_is_good_for_the_next_request(server):
    with late(server, "GET /home HTTP/1.1", after_s=2.6) as connection:
        assert answer(connection)[0] == "HTTP/1.1 503 Service Unavailable"
        send(connection, "GET /home HTTP/1.1")

        assert answer(connection)[::2] == ("HTTP/1.1 200 OK", b"ok")


def test_what_has_a_body_ends_its_connection(server):
    with late(server, "POST /compose HTTP/1.1", after_s=2.6) as connection:
        status, headers, _ = answer(connection)

        assert (status.split()[1], headers["connection"]) == ("503", "close")
        assert connection.recv(1) == b""


def test_nobody_is_told_of_a_refusal_who_has_gone(server):
    folder, port = server
    with connected(port) as first:
        send(first, "GET /slow HTTP/1.1")
        wait_until((folder / "busy").exists)
        with connected(port) as second:
            send(second, "GET /home HTTP/1.1")
            wait_until((folder / "queued2").exists)
        (folder / "now").write_text("2.6")
        (folder / "go").touch()
        assert answer(first)[::2] == ("HTTP/1.1 200 OK", b"ok")
        send(first, "GET /home HTTP/1.1")

        assert answer(first)[::2] == ("HTTP/1.1 200 OK", b"ok")


def test_a_write_is_not_begun_once_its_client_has_gone(server):
    folder, port = server
    # More than gunicorn reads at once: the end of the connection is behind it.
    put = (
        "PUT /{} HTTP/1.1\r\nHost: kwip\r\nContent-Length: 20000\r\n\r\n" + 20_000 * "a"
    )
    with connected(port) as first:
        send(first, "GET /slow HTTP/1.1")
        wait_until((folder / "busy").exists)
        with connected(port) as gone, connected(port) as waiting:
            gone.sendall(put.format("gone").encode())
            waiting.sendall(put.format("waiting").encode())
            wait_until((folder / "queued3").exists)
            gone.close()
            (folder / "go").touch()
            assert answer(first)[::2] == ("HTTP/1.1 200 OK", b"ok")
            assert answer(waiting)[::2] == ("HTTP/1.1 200 OK", b"ok")

    assert (folder / "PUTwaiting").exists()
    assert not (folder / "PUTgone").exists()
