"""The story of a post, from the database and the logs."""

from __future__ import annotations

import gzip
import json

import pytest

from kwip.domain.clock import at
from kwip.domain.ids import ms_of
from kwip.domain.posting.posts import Draft
from kwip.jobs.registry import jobs
from tests.wired import sign_up


@pytest.fixture
def post(wiring):
    alice = sign_up(wiring, "alice")
    post = wiring.services.posts.publish(alice.id, Draft(text="hello"))
    jobs(wiring.services)["fanout"](str(post.id))
    return post


@pytest.fixture
def log(environ, post, tmp_path):
    """Return a function that writes a line into a log, some time after the post."""
    folder = tmp_path / "home" / "logs"
    folder.mkdir(parents=True)

    def write(name, after_ms, **fields):
        line = {"timestamp": at(ms_of(post.id) + after_ms).isoformat(), **fields}
        text = (json.dumps(line) + "\n").encode()
        opened = gzip.open if name.endswith(".gz") else open
        with opened(folder / name, "ab") as file:
            file.write(text)

    return write


def request(method, path, request_id, status=200):
    return {
        "event": "request",
        "method": method,
        "path": path,
        "route": "/statuses",
        "status": status,
        "ms": 12.5,
        "request_id": request_id,
    }


def test_a_post_without_logs_has_its_writing(kwip, post):
    run = kwip("trace", post.id, "--json")

    assert (run.code, run.json["state"], run.json["mode"]) == (0, "done", "push")
    assert [step["step"] for step in run.json["steps"]] == ["written", "queued"]


def test_the_logs_tell_who_wrote_delivered_and_read_it(kwip, post, log):
    mine = {"post_ids": [str(post.id)], "request_id": "r1"}
    log("web.log", 20, **request("POST", "/api/v1/statuses", "r1"))
    log("web.log", 21, **request("POST", "/api/v1/statuses", "r2"))
    log("worker.log.1.gz", 40, event="chunk_delivered", owners=1_000, **mine)
    done = {"event": "post_delivered", "homes": 1_200, "attempts": 1, "ms": 35}
    log("worker.log", 60, **done, **mine)
    log("web.log", 70, **request("GET", f"/@alice/{post.id}", "r3", 404))
    log("web.log", 90, **request("GET", f"/@alice/{post.id}", "r4"))
    log("web.log", 95, **request("GET", f"/@alice/{post.id}", "r5"))

    steps = kwip("trace", post.id, "--json").json["steps"]
    assert [(step["ms"], step["step"]) for step in steps[2:]] == [
        *((20, "request"), (25, "leased"), (40, "chunk")),
        *((60, "delivered"), (90, "first read")),
    ]
    assert steps[2]["detail"].endswith("request r1")
    assert steps[5]["detail"].startswith("1200 entries")


def test_each_server_and_worker_of_a_cluster_has_logs(kwip, post, log):
    mine = {"post_ids": [str(post.id)], "request_id": "r1"}
    done = {"event": "post_delivered", "homes": 1, "attempts": 1, "ms": 15}
    log("web-2.log", 20, **request("POST", "/api/v1/statuses", "r1"))
    log("worker-1.log.12.gz", 40, **done, **mine)

    steps = kwip("trace", post.id, "--json").json["steps"]

    assert [(step["step"], step["source"]) for step in steps[2:]] == [
        ("request", "web-2.log"),
        ("leased", "worker-1.log"),
        ("delivered", "worker-1.log"),
    ]


def test_logs_of_several_machines_are_read_from_files_and_standard_input(
    kwip, post, log, tmp_path
):
    log("home.log", 10, **request("GET", f"/@alice/{post.id}", "r0"))
    mine = {"post_ids": [str(post.id)], "request_id": "r1"}
    done = {"event": "post_delivered", "homes": 1, "attempts": 1, "ms": 15}
    log("a.log", 20, **request("POST", "/api/v1/statuses", "r1"))
    log("a.log", 21, **request("POST", "/api/v1/statuses", "r2"))
    log("a.log", 40, **done, **mine)
    log("a.log", 90, **request("GET", f"/@alice/{post.id}", "r4"))
    log("b.log.gz", 70, **request("GET", f"/@alice/{post.id}", "r3"))
    folder = tmp_path / "home" / "logs"
    (folder / "c.log.gz").write_text("text")
    others = f'-- Boot --\n[1]\n{{"event": "{post.id}"}}\n'

    run = kwip(
        *("trace", post.id, "--json", "--log", "-", "--log", folder / "b.log.gz"),
        stdin=others + (folder / "a.log").read_text(),
    )
    broken = kwip("trace", post.id, "--log", folder / "c.log.gz")
    assert (broken.code, "c.log.gz can't be read" in broken.err) == (2, True)
    steps = [(s["ms"], s["step"], s["source"]) for s in run.json["steps"]]
    assert steps[2:] == [
        (20, "request", "standard input"),
        (25, "leased", "standard input"),
        (40, "delivered", "standard input"),
        (70, "first read", "b.log.gz"),
    ]


def test_a_person_can_read_it(kwip, post, log):
    log("worker.log", 50, event="fanout_failed", post_id=str(post.id), error="it broke")
    log("worker.log", 55, event="torn")
    run = kwip("trace", post.id)

    assert f"post {post.id} by {post.author_id}" in run.out
    assert "+0.050 s  fanout_failed: it broke (worker.log)" in run.out


@pytest.mark.parametrize(
    ("post_id", "why"),
    [("5", "There is no post 5."), ("x", "x is not a valid post id.")],
)
def test_what_is_no_post_is_refused(kwip, post_id, why):
    run = kwip("trace", post_id)

    assert (run.code, run.err) == (2, f"kwip: {why}\n")
