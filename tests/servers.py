"""Real servers for the tests: one set for a whole run, and extra ones to mistreat."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import psutil

from config.settings import PROJECT, Settings, load, rules
from kwip.embedded import binaries, endpoints, valkey
from kwip.embedded.addresses import valkey_address
from kwip.embedded.children import Child, end_group, spawn
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.replica_set import set_up
from kwip.embedded.servers import servers
from kwip.embedded.supervisor import Supervisor

if TYPE_CHECKING:
    from pymongo.database import Database

    from config.endpoints import Endpoints

#: A busy machine may take its time; what never comes fails.
START_S = 120.0
POLL_S = 0.01
#: What the folder of shared servers is called, before the number of its process.
_PREFIX = "kwip-tests-"


def wait_until(condition, within_s=START_S):
    """Poll `condition` until it holds, return what it says; fail when it never does."""
    end = time.monotonic() + within_s
    while not (found := condition()):
        assert time.monotonic() < end, f"not within {within_s} s"
        time.sleep(POLL_S)
    return found


def debian_program(name):
    """Return the path of a program that the project does not bring."""
    command = ["/bin/sh", PROJECT / "config/tools.sh", name]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    return found.stdout.strip()


class SharedServers:
    """The set that all tests of a run, in all its processes, share."""

    def __init__(self) -> None:
        _remove_what_was_left()
        self.root = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.settings = settings_in(self.root)
        self._home = HomeFolder(self.root)
        self._supervisor = Supervisor(self._home, wait=self._pause, said=print)

    def start(self) -> None:
        self._home.prepare()
        children = [_with_fail_points(c) for c in servers(self.settings, self._home)]
        self._supervisor.start(children, 0.0)
        set_up(self._home, self._home.secret("mongodb"), deadline_s=START_S)

    def stop(self) -> None:
        # The data is thrown away, so nothing is gained by a tidy end.
        self._supervisor.stop()
        shutil.rmtree(self.root)

    @staticmethod
    def _pause(seconds: float) -> bool:
        time.sleep(seconds)
        return False


def _remove_what_was_left() -> None:
    """Remove the folders of runs that were killed, which may be in memory."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        number = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if number.isdecimal() and not psutil.pid_exists(int(number)):
            shutil.rmtree(folder, ignore_errors=True)


def _with_fail_points(child: Child) -> Child:
    """Let MongoDB fail when a test asks it to (`failCommand`), and keep freed memory.

    Returning it at once costs a tenth of all that MongoDB does here.
    """
    if child.role != "mongod":
        return child
    enabled = ("--setParameter", "enableTestCommands=1")
    return dataclasses.replace(child, argv=[*child.argv, *enabled], environ={})


def no_quotas() -> dict[str, str]:
    """Return the environment in which nothing is limited: tests hurry."""
    return {
        rule.variable: "0"
        for name, rule in rules().items()
        if name.startswith("quota_")
    }


def settings_in(root: Path, **environ: str) -> Settings:
    """Return settings with a home; tests make no requests to other sites."""
    quiet = {"KWIP_LINK_PREVIEWS": "off", **no_quotas()}
    return load({"KWIP_HOME": str(root), **quiet, **environ})


def endpoints_of(root: Path, number: int) -> Endpoints:
    """Return the shared servers' endpoints with databases for process `number`."""
    found = endpoints(settings_in(root))
    return dataclasses.replace(
        found,
        database=f"kwip_test_{number}",
        redis_cache_uri=_with_database(found.redis_cache_uri, number),
        redis_queue_uri=_with_database(found.redis_queue_uri, 2 * number),
        redis_realtime_uri=_with_database(found.redis_realtime_uri, 2 * number + 1),
    )


def _with_database(uri: str, number: int) -> str:
    return urlunsplit(urlsplit(uri)._replace(query=f"db={number}"))


class FailPoint:
    """Make commands on one database fail as if MongoDB had failed."""

    def __init__(self, database: Database[Any]):
        self._database = database
        self._admin = database.client.admin
        self._before = 0

    def begin(self, *commands: str, collection: str, **how: object) -> None:
        """Let every such command fail; `how` is an `errorCode`, for example."""
        data = {
            "failCommands": commands,
            "namespace": f"{self._database.name}.{collection}",
            **how,
        }
        self._before = self._configure("alwaysOn", data=data)["count"]

    def wait(self, times: int) -> None:
        """Wait until so many commands have failed since the beginning."""
        self._admin.command(
            "waitForFailPoint",
            "failCommand",
            timesEntered=self._before + times,
            maxTimeMS=round(START_S * 1_000),
        )

    def end(self) -> None:
        """Let commands succeed again."""
        self._configure("off")

    def _configure(self, mode: str, **options: object) -> dict[str, Any]:
        return self._admin.command(
            "configureFailPoint", "failCommand", mode=mode, **options
        )


class PrivateValkey:
    """A Valkey of one test's own, to kill and to stop.

    Its address stays the same when it is killed and started again.
    """

    def __init__(self, root: Path, role: str):
        self._home = HomeFolder(root)
        self._home.prepare()
        self._role = role
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = valkey_address(self._home, role)

    def start(self) -> None:
        program = binaries.find(binaries.VALKEY, None)
        argv = valkey.command(program, self._home, self._role, cache_mb=64)
        self._process = spawn(Child(role=self._role, argv=argv), self._home)
        wait_until(lambda: valkey.answers(self._home, self._role))

    def kill(self) -> None:
        """End it as `kill -9` does; it forgets what a cache forgets."""
        if self._process is not None:
            end_group(self._process)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop it as SIGSTOP does: it takes connections and answers nothing."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on after `freeze`."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)
