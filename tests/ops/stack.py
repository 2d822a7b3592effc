"""A stack of a test's own: started, asked, mistreated, ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

from config.settings import PROJECT
from kwip.cli.up import is_ready
from kwip.embedded import endpoints
from kwip.embedded.children import ROLE, marked
from kwip.embedded.home_folder import HomeFolder
from tests.servers import START_S, no_quotas, settings_in, wait_until

STAND_IN = PROJECT / "tests" / "ops" / "stand_in.py"

#: The ports that this process has drawn: the system may offer one again.
_DRAWN: set[int] = set()


def free_port() -> int:
    """Return a port that nobody uses, another one each time."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port not in _DRAWN:
            _DRAWN.add(port)
            return port


class Stack:
    """One home with three ports of its own, and its supervisor while it runs."""

    def __init__(self, root: Path, **environ: str):
        self.environ = {
            "KWIP_HOME": str(root),
            "KWIP_LINK_PREVIEWS": "off",
            "KWIP_PORT": str(free_port()),
            "KWIP_METRICS_PORT": str(free_port()),
            "KWIP_LIVE_PORT": str(free_port()),
            **no_quotas(),
            **environ,
        }
        self.process: subprocess.Popen[str] | None = None
        self.said = ""

    @property
    def settings(self):
        return settings_in(Path(self.environ["KWIP_HOME"]), **self.environ)

    @property
    def home(self) -> HomeFolder:
        return HomeFolder(Path(self.environ["KWIP_HOME"]))

    @property
    def endpoints(self):
        return endpoints(self.settings)

    def begin(self, *command: str) -> None:
        """Start the supervisor without waiting for it."""
        self.process = subprocess.Popen(
            command or (sys.executable, STAND_IN, "well"),
            env={**os.environ, "PYTHONPATH": str(PROJECT), **self.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        )

    def start(self, *command: str) -> None:
        """Start and wait until the stack has said that it is running."""
        self.begin(*command)
        self.said = ""
        for line in iter(self.process.stdout.readline, ""):
            self.said += line
            if "stop" in line:
                break
        assert "stop" in self.said, self.process.stderr.read()

        assert is_ready(self.settings)

    def fails(self, *command: str) -> list[str]:
        """Start, see it end with 2, and return the lines that it complains in."""
        self.begin(*command)
        _, complaints = self.process.communicate(timeout=START_S)

        assert self.process.returncode == 2, complaints
        assert not self.home.root.exists() or not marked(self.home)
        return complaints.splitlines()

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask for the end and return the exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=START_S)
        return self.process.returncode

    def kill_supervisor(self) -> None:
        self.process.kill()
        self.process.communicate()

    def pid_of(self, role: str) -> int:
        """Return the process number of the one child with this role."""
        for process in marked(self.home):
            if process.environ().get(ROLE) == role and process.ppid() == self.pid:
                return process.pid
        raise LookupError(role)

    @property
    def pid(self) -> int:
        return self.process.pid

    def clean_up(self) -> None:
        """Kill everything: the data is thrown away."""
        if self.process is not None and self.process.poll() is None:
            self.kill_supervisor()
        if self.home.root.exists():
            for process in marked(self.home):
                process.kill()
            wait_gone(self.home)
            self.home.remove_metrics()
        shutil.rmtree(self.home.sockets, ignore_errors=True)  # not always in the home

    def log(self) -> str:
        log = self.home.logs / "supervisor.log"
        return log.read_text() if log.exists() else ""


def wait_gone(home: HomeFolder) -> None:
    """Wait until no process of `home` is left."""
    wait_until(lambda: not marked(home))
