"""`kwip world`: what it refuses, and a load on a real stack that is killed."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import psutil
import pymongo
import pytest

from config.settings import PROJECT
from kwip.embedded.children import marked
from tests.ops.stack import Stack
from tests.servers import wait_until

KWIP = (sys.executable, "-c", "from kwip.cli import main; main()")
USERS, EDGES, POSTS = 60, 300, 240
#: A load of this size, and fsck, on a busy machine.
COMMAND_S = 120.0
LONG_AGO = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def graph_lines():
    rng = random.Random(1)  # noqa: S311 -- no secret
    yield "# follower followee"
    for node in range(USERS):
        yield f"{node}\t{node}"
    for _ in range(EDGES):
        followee = min(rng.randrange(USERS), rng.randrange(USERS))
        yield f"{rng.randrange(USERS)}\t{followee}"


def text_lines():
    for number in range(30):
        yield json.dumps({"lang": "en", "text": f"Number {number} says hello"})


def write(path, lines):
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def graph(tmp_path):
    return write(tmp_path / "graph.txt", graph_lines())


@pytest.fixture
def texts(tmp_path):
    return write(tmp_path / "texts.jsonl", text_lines())


def refused(run, *words):
    assert (run.code, run.out) == (2, "")
    [line] = run.err.splitlines()
    assert line.startswith("kwip: ")
    assert all(word in line for word in words), line


def test_without_a_running_stack_nothing_is_loaded(kwip, mongodb, graph, texts):
    run = kwip("world", "load", graph, texts)

    refused(run, "web, worker", "`kwip up`")
    assert mongodb["users"].count_documents({}) == 0


def test_a_bad_edge_is_told_by_file_and_line(kwip, texts, tmp_path):
    bad = write(tmp_path / "bad.txt", ["0\t1", "0\tone"])

    refused(kwip("world", "load", bad, texts), f"{bad}:2: expected two node numbers")


def test_a_bad_text_is_told_by_file_and_line(kwip, graph, tmp_path):
    bad = write(tmp_path / "bad.jsonl", ['{"text": "a"}', "", "{"])

    refused(kwip("world", "load", graph, bad), f"{bad}:3: not valid JSON")


def test_a_text_that_could_not_be_posted_is_told(kwip, graph, tmp_path):
    bad = write(tmp_path / "bad.jsonl", [json.dumps({"text": "a" * 501})])

    refused(kwip("world", "load", graph, bad), f"{bad}:1: ", "500")


@pytest.mark.parametrize("content", [b"", b"# nothing\n"])
def test_an_empty_file_is_told(kwip, texts, graph, tmp_path, content):
    empty = tmp_path / "empty"
    empty.write_bytes(content)

    refused(kwip("world", "load", empty, texts), f"{empty}: no follows found")
    refused(kwip("world", "load", graph, tmp_path / "empty"), f"{empty}:")


def test_a_damaged_archive_is_told(kwip, texts, graph, tmp_path):
    whole = gzip.compress(graph.read_bytes())
    cut = tmp_path / "cut.gz"
    cut.write_bytes(whole[:-20])

    refused(kwip("world", "load", cut, texts), f"{cut}: cannot be read")


def test_a_missing_file_is_told(kwip, texts, tmp_path):
    refused(kwip("world", "load", tmp_path / "none", texts), "none")


# From here on a real stack.


@pytest.fixture
def stack():
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        stack = Stack(Path(folder) / "home")
        stack.start(*KWIP, "up")
        yield stack
        stack.clean_up()


def spawn(stack, *arguments):
    return subprocess.Popen(
        [*KWIP, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(PROJECT), **stack.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
    )


def ended(process):
    out, err = process.communicate(timeout=COMMAND_S)
    assert err == ""
    return process.returncode, json.loads(out)


@pytest.fixture
def call(kwip_in, stack):
    """Return a function that runs a command on the stack: its exit code and answer.

    It runs in this process, which a new one would take a second to begin with.
    """

    def call(*arguments):
        run = kwip_in(stack.environ, *arguments, "--json")
        assert run.err == ""
        return run.code, run.json

    return call


def kill_everything(stack, process):
    """End the load, the supervisor and all its children as `kill -9` does."""
    for victim in [psutil.Process(process.pid), stack.process, *marked(stack.home)]:
        victim.kill()
    process.communicate()
    stack.process.communicate()


@contextmanager
def database(stack):
    with pymongo.MongoClient(stack.endpoints.mongodb_uri) as client:
        yield client[stack.endpoints.database]


def posts_in(stack):
    with database(stack) as stored:
        return stored.posts.count_documents({})


def let_leases_run_out(stack):
    """Spare the half minute for which a dead worker's posts are left to it."""
    with database(stack) as stored:
        stored.posts.update_many(
            {"fanout.state": "pending"},
            {"$set": {"fanout.lease_until": LONG_AGO, "fanout.due_at": LONG_AGO}},
        )


@pytest.mark.long
def test_a_load_killed_with_its_stack_is_resumed_and_nothing_is_wrong(
    stack, call, graph, texts
):
    packed = graph.with_suffix(".gz")
    packed.write_bytes(gzip.compress(graph.read_bytes()))
    arguments = ("world", "load", packed, texts, "--posts", POSTS)
    process = spawn(stack, *arguments)
    wait_until(lambda: posts_in(stack) > POSTS // 4, COMMAND_S)
    kill_everything(stack, process)
    stack.start(*KWIP, "up")
    let_leases_run_out(stack)
    left = posts_in(stack)
    code, loaded = ended(spawn(stack, *arguments, "--json"))

    assert POSTS // 4 < left < POSTS
    assert (code, loaded["users"], loaded["posts"]) == (0, USERS, POSTS)
    assert posts_in(stack) == POSTS
    check_sound(call, follows=loaded["follows"])
    assert call("db", "indexes")[1]["findings"] == []
    assert call("users", "token", "n17")[1]["username"] == "n17"
    code, rebuilt = call("reindex", "timelines", "--all")
    assert (code, rebuilt["rebuilt"], rebuilt["failed"]) == (0, USERS, [])
    check_homes(call)
    check_driven(stack)


def check_sound(call, follows):
    code, report = call("fsck")

    assert (code, report["findings"]) == (0, [])
    assert report["checked"]["posts"] == POSTS
    assert report["checked"]["edges"] == 2 * follows
    check_homes(call)
    report = call("fanout", "stats")[1]
    assert (report["pending"], report["dead"], report["edges_waiting"]) == (0, 0, 0)


def check_homes(call):
    code, report = call("reindex", "verify", "--all")

    assert (code, report["homes"], report["differences"]) == (0, USERS, [])


def check_driven(stack):
    """Every kind of request is answered, and nobody stays signed in."""
    pace = ("--rate", 10, "--seconds", 5)
    code, driven = ended(spawn(stack, "world", "drive", *pace, "--json"))

    assert code == 0
    assert set(driven["statuses"]) <= {"200", "503"}, "a busy machine may refuse some"
    assert driven["statuses"]["200"] > 30
    assert set(driven["p95_by_act_ms"]) >= {"home", "page", "widget", "post"}
    assert driven["requests"] == sum(driven["statuses"].values())
    with database(stack) as stored:
        assert stored.sessions.count_documents({}) == 0
        assert stored.tokens.count_documents({"name": "world drive"}) == 0
