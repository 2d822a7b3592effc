"""nginx, in front of servers that are checked."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psutil

from kwip.nginx import upstreams
from tests.edge.nginx import in_front
from tests.ops.stack import free_port
from tests.served import served
from tests.servers import debian_program, settings_in, wait_until


@dataclass
class Server:
    """A web server that notes what it gets, and may stop answering."""

    asked: list[str] = field(default_factory=list)
    works: threading.Event = field(default_factory=threading.Event)

    def __call__(self, environ, start_response):
        if environ["PATH_INFO"] != "/readyz":
            self.asked.append(environ["PATH_INFO"])
        self.works.wait()
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]


@contextlib.contextmanager
def watched(servers, home):
    """Run nginx and its health checks in front of servers; return what these log."""
    port, nginx = free_port(), debian_program("nginx")
    site = {"KWIP_ORIGIN": f"http://127.0.0.1:{port}", "KWIP_TRUSTED_PROXIES": "1"}
    site |= {"KWIP_LIVE_PORT": "0", "KWIP_HOME": str(home)}
    options = {"web": [f"127.0.0.1:{number}" for number in servers], "watched": True}
    command = [sys.executable, "-m", "kwip.cli.upstreams", "--pid-file"]
    with contextlib.ExitStack() as ends:
        for number, server in servers.items():
            server.works.set()
            ends.enter_context(served(server, number))
        front = ends.enter_context(
            in_front(nginx, settings_in(home, **site), port, home / "nginx", **options)
        )
        command.append(front.folder / "nginx.pid")
        watch = subprocess.Popen(command, env=site, stdout=subprocess.PIPE)
        ends.callback(watch.communicate)
        ends.callback(watch.terminate)
        events = map(json.loads, iter(watch.stdout.readline, b""))
        assert next(events)["event"] == "upstreams_watched"
        yield front, events


def test_a_server_that_hangs_gets_nothing_after_two_seconds_until_it_is_back(tmp_path):
    servers = {free_port(): Server() for _ in range(3)}
    number, hung = [*servers.items()][1]
    with watched(servers, tmp_path) as (front, events), ThreadPoolExecutor(3) as pool:
        old = upstreams.workers(front.folder / "nginx.pid")
        hung.works.clear()
        waiting = [pool.submit(front.get, "/waiting") for _ in range(3)]
        down = next(events)
        wait_until(lambda: all(map(_has_stopped, old)))
        later = [front.get("/later").status for _ in range(6)]
        waited = [each.result().status for each in waiting]
        hung.works.set()
        up = next(events)
        wait_until(lambda: front.get("/back") and "/back" in hung.asked)

    assert (waited, later) == ([200] * 3, [200] * 6)
    assert hung.asked.count("/waiting") == 1
    assert "/later" not in hung.asked
    assert (down["event"], up["event"]) == ("upstream_down", "upstream_up")
    assert (down["server"], up["server"]) == (f"127.0.0.1:{number}",) * 2
    assert down["reason"] == "no answer within 1.2 s"


def _has_stopped(worker):
    """Return whether a worker of nginx takes no new requests."""
    try:
        return "shutting down" in " ".join(psutil.Process(worker).cmdline())
    except psutil.NoSuchProcess:
        return True
