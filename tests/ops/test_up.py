"""The supervisor: started and ended in every way, with stand-ins for the programs."""

from __future__ import annotations

import os
import re
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pymongo
import pytest

from kwip.cli import up
from kwip.embedded import valkey
from kwip.embedded.children import marked
from kwip.embedded.home_folder import HomeFolder
from tests.ops.stack import STAND_IN, wait_gone
from tests.servers import START_S, wait_until
from tests.thorough import part

PORTS = ("KWIP_PORT", "KWIP_LIVE_PORT", "KWIP_METRICS_PORT")
BROKEN = (sys.executable, STAND_IN, "broken")
STUBBORN = (sys.executable, STAND_IN, "stubborn")
TALKATIVE = (sys.executable, STAND_IN, "talkative")


def connected(stack):
    patience_ms = round(START_S * 1_000)
    uri = stack.endpoints.mongodb_uri
    return pymongo.MongoClient(uri, serverSelectionTimeoutMS=patience_ms)


def insert(stack, number):
    with connected(stack) as client:
        client.kwip.numbers.insert_one({"_id": number})


def numbers(stack):
    with connected(stack) as client:
        return [found["_id"] for found in client.kwip.numbers.find()]


def roles(stack):
    return {process.environ()["KWIP_ROLE"] for process in marked(stack.home)}


@pytest.mark.long
def test_programs_that_ignore_signals_end_within_five_seconds_too(make_stack):
    stack = make_stack()
    stack.start(*STUBBORN)

    graces_s = (
        up.DEMO_GRACE_S,
        up.FRONT_GRACE_S,
        up.PROGRAMS_GRACE_S,
        up.SERVERS_GRACE_S,
    )
    assert sum(graces_s) < 5
    assert stack.end() == 0
    assert not marked(stack.home)


@pytest.mark.long
def test_a_start_after_kill_9_keeps_what_was_acknowledged_and_no_process(make_stack):
    """Of the supervisor alone, and of everything; a leftover that is stopped ends, too.

    Without a next start, children end with a killed supervisor by themselves.
    """
    stack = make_stack()
    stack.start()
    insert(stack, 1)
    stale = {process.pid for process in marked(stack.home)}
    os.kill(stack.pid_of("web"), signal.SIGSTOP)
    stack.kill_supervisor()
    stack.start()
    assert numbers(stack) == [1]
    assert not stale & {process.pid for process in marked(stack.home)}

    insert(stack, 2)
    for process in [psutil.Process(stack.pid), *marked(stack.home)]:
        process.kill()
    stack.process.communicate()
    stack.start()
    assert numbers(stack) == [1, 2]

    stack.kill_supervisor()
    wait_gone(stack.home)


def test_a_supervisor_restarts_hangs_up_refuses_another_and_ends(make_stack):
    stack = make_stack()
    stack.start()
    assert {"mongod", "valkey-cache", "valkey-queue", "web", "worker"} == roles(stack)

    check_restarts(stack)
    check_hangup(stack)
    check_second(stack, make_stack())

    # SIGTERM does so too, by which the other tests end theirs.
    assert stack.end(signal.SIGINT) == 0
    assert not marked(stack.home)
    assert not stack.home.metrics.exists()


def check_restarts(stack):
    """A child that dies is restarted, and the log says so."""
    insert(stack, 1)
    killed = {role: stack.pid_of(role) for role in ("web", "mongod", "valkey-cache")}
    for role, pid in killed.items():
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda role=role: f"{role} restarted" in stack.log())

    for role, pid in killed.items():
        assert stack.pid_of(role) != pid
        assert f"{role} ended (signal 9" in stack.log()
    assert numbers(stack) == [1]


def check_hangup(stack):
    """A hangup goes to the web server alone.

    The stand-in dies of it, and is restarted; gunicorn replaces its processes.
    """
    worker, before = stack.pid_of("worker"), stack.log().count("web restarted")
    os.kill(stack.pid, signal.SIGHUP)
    wait_until(lambda: stack.log().count("web restarted") > before)

    assert re.search(r"web ended \(signal 1\b", stack.log())
    assert stack.pid_of("worker") == worker


def check_second(stack, second):
    """A second start in the same home is refused."""
    second.begin()
    _, complaints = second.process.communicate(timeout=START_S)

    assert second.process.returncode == 2
    assert complaints.splitlines() == [
        (
            f"kwip: Kwip is already running in {stack.home.root} (process {stack.pid}):"
            " stop it or set another KWIP_HOME and KWIP_PORT"
        )
    ]


@pytest.mark.long
def test_logs_are_rotated_while_their_programs_run(make_stack):
    stack = make_stack(KWIP_LOG_MAX_BYTES="100000", KWIP_LOG_KEEP="2")
    stack.start(*TALKATIVE)
    log = stack.home.logs / "worker.log"
    talking = stack.pid_of("worker")
    wait_until(lambda: log.with_name("worker.log.1.gz").exists())

    assert log.stat().st_size < 100_000
    assert stack.pid_of("worker") == talking
    os.kill(talking, signal.SIGKILL)
    wait_until(lambda: "worker ended (signal 9" in stack.log())
    assert stack.end() == 0


@pytest.mark.long
def test_two_homes_run_side_by_side(make_stack):
    one, other = make_stack("one"), make_stack("other")
    one.start()
    other.start()
    insert(one, 1)
    insert(other, 2)

    assert (numbers(one), numbers(other)) == ([1], [2])
    one.end()
    assert numbers(other) == [2]


@pytest.mark.long
def test_a_moved_home_starts_with_what_it_had(make_stack):
    stack, moved = make_stack("here"), make_stack("there")
    stack.start()
    insert(stack, 1)
    stack.end()
    stack.home.root.rename(moved.home.root)
    moved.start()

    assert numbers(moved) == [1]


def test_without_a_live_port_there_is_no_live_process(settings):
    def roles(**chosen):
        return {p.role for p in up.web_and_workers(replace(settings, **chosen))}

    assert roles() - roles(live_port=0) == {"live"}


def test_an_index_may_take_longer_to_build_than_a_program_to_start(settings):
    stack = up.Stack(servers=lambda _: [], programs=[], ports={})

    assert up.preparation(settings, "code", stack).ready_s >= 3_600


@pytest.mark.parametrize("variable", part(PORTS, of=3))
def test_a_busy_port_is_named(make_stack, variable):
    stack = make_stack()
    port = stack.environ[variable]
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(port)))
        other.listen()
        complaints = stack.fails()

    assert complaints == [
        (
            f"kwip: {variable}={port}: port {port} on 127.0.0.1 is in use by another"
            f" program: stop it or set another {variable}"
        )
    ]


def test_a_program_that_does_not_start_leaves_nothing_running(make_stack):
    stack = make_stack()
    complaints = stack.fails(*BROKEN)

    assert complaints == [
        (
            "kwip: web did not start: OSError: [Errno 28] No space left on device"
            f" ({stack.home.logs / 'web.log'})"
        )
    ]


def test_the_end_may_be_asked_for_during_the_start(make_stack):
    stack = make_stack()
    stack.begin()
    wait_until(lambda: stack.home.root.exists() and marked(stack.home))

    assert stack.end(signal.SIGINT) == 0
    assert not marked(stack.home)


def test_an_address_of_another_machine_is_refused(make_stack):
    stack = make_stack(KWIP_BIND="192.0.2.1")

    assert stack.fails() == [
        (
            "kwip: KWIP_BIND=192.0.2.1: cannot listen on this address"
            " (Cannot assign requested address): use an address of this machine"
        )
    ]


def test_a_folder_that_cannot_be_written_to_is_named(make_stack, short_path):
    (short_path / "file").touch()
    stack = make_stack("file/home")

    assert stack.fails() == [
        (
            f"kwip: KWIP_HOME={stack.home.root}: cannot write to {stack.home.root}"
            " (Not a directory): make it writable or set another KWIP_HOME"
        )
    ]


def test_a_mongodb_that_is_no_replica_set_is_refused(make_stack, lone_mongodb):
    stack = make_stack(KWIP_MONGODB_URI=lone_mongodb)

    assert stack.fails() == [
        (
            f"kwip: KWIP_MONGODB_URI: {lone_mongodb} is not a replica set: start mongod"
            " with --replSet and run rs.initiate() once"
        )
    ]


def test_a_redis_that_does_not_answer_is_refused_without_its_password(make_stack):
    stack = make_stack(KWIP_REDIS_QUEUE_URI="redis://:geheim@127.0.0.1:1/0")
    [complaint] = stack.fails()

    assert complaint.startswith(
        "kwip: KWIP_REDIS_QUEUE_URI: redis://127.0.0.1:1/0 is not responding"
    )
    assert "geheim" not in complaint


def test_the_cache_has_as_much_memory_as_is_set(settings):
    home = HomeFolder(settings.home)
    home.make_folders()
    [cache, queue] = [
        valkey.command(settings.home, home, role, cache_mb=settings.valkey_cache_mb)
        for role in ("valkey-cache", "valkey-queue")
    ]

    assert "\nmaxmemory 64mb\n" in Path(cache[1]).read_text()
    assert "maxmemory " not in Path(queue[1]).read_text()


def test_servers_of_ones_own_replace_the_private_ones(make_stack, private_valkey):
    stack = make_stack(KWIP_REDIS_CACHE_URI=private_valkey().uri)
    stack.start()

    assert roles(stack) == {"mongod", "valkey-queue", "web", "worker"}


def test_every_bad_value_is_named_at_once(make_stack):
    stack = make_stack(KWIP_PORT="many", KWIP_DEMO="perhaps")
    stack.begin()
    _, complaints = stack.process.communicate(timeout=START_S)

    assert stack.process.returncode == 2
    assert complaints.splitlines() == [
        "kwip: KWIP_PORT=many: must be a free port from 1 to 65535",
        "kwip: KWIP_DEMO=perhaps: must be 1 or 0",
    ]
