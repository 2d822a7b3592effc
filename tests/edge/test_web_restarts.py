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
import os, pathlib, shared, time

folder = pathlib.Path({folder!r})
(folder / f"imports{{os.getpid()}}").touch()
while not (folder / "go").exists():
    time.sleep(0.01)
if (folder / "broken").exists():
    raise ImportError("a module is missing")

def app(environ, start_response):
    said = f"{{os.getpid()}} {{shared.LOADED_BY}} {{shared.VERSION}}".encode()
    start_response("200 OK", [("Content-Length", str(len(said)))])
    return [said]
"""
#: What workers share, instead of all of Kwip.
SHARED = "import os\nLOADED_BY, VERSION = os.getpid(), {version}\n"
CONFIGURATION = """
from config import gunicorn
from config.gunicorn import *

gunicorn.modules = ["shared"]
"""


#: A file may change twice in a second, which compiled ones would hide.
UNCOMPILED = {"PYTHONDONTWRITEBYTECODE": "1"}


class Server:
    """A web server whose app is loaded once the test says so."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "slow.py").write_text(APP.format(folder=str(folder)))
        (folder / "configuration.py").write_text(CONFIGURATION)
        self.share(SHARED.format(version=1))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        paths = os.pathsep.join([str(folder), str(PROJECT)])
        settings = {"KWIP_PORT": str(self.port), "KWIP_WEB_WORKERS": "1"}
        with (folder / "log").open("wb") as log:
            config = ("-c", str(folder / "configuration.py"))
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", *config, "slow:app"],
                cwd=PROJECT,
                env={**os.environ, "PYTHONPATH": paths, **settings, **UNCOMPILED},
                stdout=log,
                stderr=log,
            )

    def let_load(self):
        (self.folder / "go").touch()

    def hold(self):
        (self.folder / "go").unlink()

    def share(self, text):
        (self.folder / "shared.py").write_text(text)

    def log(self):
        return (self.folder / "log").read_text()

    def wait_for_imports(self, number):
        wait_until(lambda: len(list(self.folder.glob("imports*"))) == number)

    def answer(self):
        """Return the number of the process that answers; None if nobody does."""
        found = self.whole_answer()
        return found and found[0]

    def whole_answer(self):
        """Return the process, the one that loaded what it shares, and its version."""
        with suppress(OSError), urlopen(f"http://127.0.0.1:{self.port}/") as found:
            return tuple(map(int, found.read().split()))
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
    old = wait_until(server.whole_answer)
    arbiter = server.process.pid
    assert old[1:] == (arbiter, 1)
    server.hold()
    server.share(SHARED.format(version=2))
    server.reload()
    server.wait_for_imports(2)
    assert server.whole_answer() == old
    # Another reload starts over: what it has started may be out of date already.
    server.share(SHARED.format(version=3))
    server.reload()
    server.wait_for_imports(3)
    assert server.whole_answer() == old

    server.let_load()

    wait_until(lambda: len(psutil.Process(arbiter).children()) == 1)
    assert server.whole_answer()[1:] == (arbiter, 3)


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
    for number, broken in enumerate(("shared.py", "broken"), 1):
        (server.folder / broken).write_text("raise ImportError\n")
        server.reload()
        wait_until(lambda n=number: server.log().count("the old ones go on") == n)
        assert server.answer() == old
        server.share(SHARED.format(version=2))
    (server.folder / "broken").unlink()

    server.reload()

    wait_until(lambda: server.answer() not in {old, None})


def test_a_signal_during_a_reload_is_not_lost(server):
    server.let_load()
    wait_until(server.answer)
    server.reload()
    server.process.terminate()

    assert server.process.wait(10) == 0
    assert server.refuses()
