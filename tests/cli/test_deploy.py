"""`kwip deploy drain` and `reload`; `test_check` has what `check` finds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace

import pytest

from kwip.app import create_app
from kwip.cli.deploying import local
from kwip.cli.deploying.draining import drain
from kwip.cli.deploying.reloading import NotReplacedError, Reload
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.served import environ_of
from tests.servers import wait_until

#: Exits on SIGTERM after a job; on SIGHUP it replaces its child, if it is told to.
PROGRAM = """
import os, signal, subprocess, sys, time
child = None
def renew(*_):
    global child
    old, child = child, subprocess.Popen(["sleep", "60"])
    if old:
        old.kill()
        old.wait()
def end(*_):
    if child:
        child.kill()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGHUP, renew if sys.argv[1] == "sound" else lambda *_: None)
if sys.argv[2] == "web":
    renew()
print("started", flush=True)
while True:
    time.sleep(60)
"""


class Machine:
    """Programs that are marked as those of `kwip serve`, and their supervisor."""

    def __init__(self, root):
        self.home = HomeFolder(root)
        self.home.make_folders()
        self.running = {}
        self.restarts = True

    def start(self, role, kind="sound"):
        environ = {**os.environ, **environ_of(role, self.home, 1)}
        command = [sys.executable, "-c", PROGRAM, kind, role]
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"started\n"
        self.running[role] = process
        return process.pid

    def supervise(self, _seconds):
        """Start again what has exited, as systemd would, whenever somebody waits."""
        for role, process in list(self.running.items()):
            if process.poll() is not None and self.restarts:
                process.stdout.close()
                self.start(role)
        time.sleep(0.01)

    def end(self):
        for process in self.running.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
            process.wait()
            process.stdout.close()


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path / "home")
    yield made
    made.end()


@pytest.fixture
def reload(machine, wiring, settings, monkeypatch):
    """Return what replaces them; each new one is ready at once."""
    monkeypatch.setattr(Reload, "_is_present", lambda *_: True)
    monkeypatch.setattr(Reload, "_answers", lambda *_: True)
    return Reload(settings, machine.home, wiring, 5.0, machine.supervise)


def pids(machine):
    return {each.name: each.pid for each in local.programs(machine.home)}


def test_programs_are_replaced_in_order_and_web_servers_stay(machine, reload):
    for role in ("web", "live", "sweeper", "worker"):
        machine.start(role)
    before = {each.name: each for each in local.programs(machine.home)}
    assert list(before) == ["worker", "sweeper", "web", "live"]
    (machine.home.run / "draining").touch()

    replaced = [(each.name, each.how) for each in reload.run(before)]

    restarted = ["worker", "sweeper", "live"]
    assert replaced == [
        (name, "restarted" if name in restarted else "reloaded") for name in before
    ]
    after = {each.name: each for each in local.programs(machine.home)}
    assert [after[name].pid != before[name].pid for name in restarted] == [True] * 3
    assert after["web"].pid == before["web"].pid
    assert after["web"].children.isdisjoint(before["web"].children)
    assert not (machine.home.run / "draining").exists()


def test_a_web_server_is_ready_when_its_first_child_says_so(
    machine, reload, wiring, monkeypatch
):
    """It has no child yet when it is found."""
    monkeypatch.undo()
    machine.start("worker")
    machine.start("web")
    worker, web = local.programs(machine.home)
    monkeypatch.setattr(Reload, "_answers", lambda *_: True)
    early, quick = replace(web, children=frozenset()), replace(reload, within_s=0.1)
    with pytest.raises(NotReplacedError, match="is not ready after"):
        quick._wait_until_ready(early)
    with pytest.raises(NotReplacedError, match="is not ready after"):
        quick._wait_until_ready(worker)

    wiring.presence.start("web")
    for pid in (worker.pid, *web.children):
        wiring.processes.save(replace(wiring.presence._row, id=str(pid), pid=pid))

    for program in (early, worker):
        reload._wait_until_ready(program)


@pytest.mark.parametrize(
    ("kind", "restarts", "problem"),
    [
        ("sound", False, "worker: process {worker} was asked to exit, and no new one"),
        ("broken", True, "web: process {web} did not get new processes within"),
    ],
)
def test_it_stops_at_what_is_not_replaced(machine, reload, kind, restarts, problem):
    machine.restarts = restarts
    for role in ("worker", "web", "live"):
        machine.start(role, kind)
    before = pids(machine)

    with pytest.raises(NotReplacedError) as failed:
        list(replace(reload, within_s=0.5).run(before))

    assert failed.value.message.startswith(problem.format(**before))
    assert pids(machine)["live"] == before["live"]


def test_draining_waits_for_open_requests_and_is_not_ready(
    machine, wiring, settings, monkeypatch
):
    machine.start("web")
    left = [3, 1, 0]
    monkeypatch.setattr(
        "kwip.cli.deploying.draining.open_requests", lambda _: left.pop(0)
    )
    settings = replace(settings, home=machine.home.root)
    waited = []

    open_ones = drain(machine.home, settle_s=5, within_s=30, sleep=waited.append)

    assert (open_ones, left, waited) == (0, [], [5, 0.2, 0.2])
    app = create_app(wiring, settings)
    ready = app.test_client().get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (503, "draining")
    assert app.test_client().get("/livez").status_code == 200
    machine.home.run.joinpath("draining").unlink()
    wait_until(lambda: app.test_client().get("/readyz").status_code == 200)
