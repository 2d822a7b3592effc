"""Starting and reloading a web server: gunicorn with Kwip's configuration, for real."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from urllib.request import urlopen

import psutil
import pytest

from config.settings import PROJECT
from tests.servers import wait_until

APP = """
import os, pathlib, time

folder = pathlib.Path({folder!r})
(folder / f"imports{{os.getpid()}}").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
if (folder / "broken").exists():
    raise ImportError("a module is missing")

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", str(len(str(os.getpid()))))])
    return [str(os.getpid()).encode()]
"""


class Server:
    """A web server whose app is loaded once the test says so."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "slow.py").write_text(APP.format(folder=str(folder)))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        paths = os.pathsep.join([str(folder), str(PROJECT)])
        settings = {"KWIP_PORT": str(self.port), "KWIP_WEB_WORKERS": "1"}
        with (folder / "log").open("wb") as log:
            config = ("-c", "config/gunicorn.py")
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *config, "slow:app"],
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": paths, **settings},
                stdout=log,
                stderr=log,
            )

    def let_load(self):
        (self.folder / "go").touch()

    def hold(self):
        (self.folder / "go").unlink()

    def wait_for_imports(self, number):
        wait_until(lambda: len(list(self.folder.glob("imports*"))) == number)

    def answer(self):
        """Return the number of the process that answers; None if nobody does."""
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/") as found:
            return int(found.read())
        return None

    def refuses(self):
        with socket.socket() as client:
            client.settimeout(1)
            found = client.connect_ex(("127.0.0.1", self.port))
        return found == errno.ECONNREFUSED

    def reload(self):
        self.process.send_signal(signal.SIGHUP)


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.let_load()
    server.process.send_signal(signal.SIGQUIT)  # at once
    server.process.wait()


def test_nobody_can_connect_before_the_app_is_loaded(server):
    server.wait_for_imports(1)
    assert server.refuses()

    server.let_load()

    assert wait_until(server.answer)


def test_on_a_reload_the_old_process_answers_until_the_new_one_can(server):
    server.let_load()
    old = wait_until(server.answer)
    server.hold()
    server.reload()
    server.wait_for_imports(2)
    assert server.answer() == old

    server.let_load()

    wait_until(lambda: server.answer() not in {old, None})


def test_nobody_waits_in_a_queue_for_the_successor_of_a_killed_process(server):
    server.let_load()
    killed = wait_until(server.answer)
    server.hold()

    os.kill(killed, signal.SIGKILL)
    server.wait_for_imports(2)

    # A proxy can tell, and asks another server.
    wait_until(server.refuses, 10)
    [loading] = psutil.Process(server.process.pid).children()
    loading.kill()
    server.wait_for_imports(3)
    server.let_load()
    assert wait_until(server.answer) != killed


def test_on_a_reload_that_fails_the_old_process_goes_on(server):
    server.let_load()
    old = wait_until(server.answer)
    (server.folder / "broken").touch()

    server.reload()

    wait_until(lambda: "the old ones go on" in (server.folder / "log").read_text())
    assert server.answer() == old
