"""Outages of a running stack that the gravest alerts are for, and their ends."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from contextlib import contextmanager
from urllib.request import urlopen

import pymongo

from kwip.domain.posting.posts import Draft
from kwip.wiring import Options, build
from tests.servers import wait_until
from tests.wired import sign_up

#: How long there is no primary, in seconds.
WITHOUT_PRIMARY_S = 20


@contextmanager
def queue_hangs(stack):
    """Stop the Redis of the queue, which workers ask all the time."""
    pid = stack.pid_of("valkey-queue")
    os.kill(pid, signal.SIGSTOP)
    yield
    os.kill(pid, signal.SIGCONT)


@contextmanager
def deliveries_fail(stack):
    """Leave one post undelivered and another waiting, and replay both at the end.

    The first was given up; the second is held by a worker that hangs.
    """
    wiring = build(
        stack.settings,
        stack.endpoints,
        role="cli",
        options=Options(enqueue=lambda *_: None),
    )
    author = sign_up(wiring, f"author{os.urandom(4).hex()}")
    ids = [
        wiring.services.posts.publish(author.id, Draft(text=text)).id
        for text in ("dead", "late")
    ]
    now = dt.datetime.now(dt.UTC)
    held = {
        "fanout.state": "pending",
        "fanout.enqueued_at": now - dt.timedelta(minutes=2),
        "fanout.due_at": now + dt.timedelta(hours=1),
        "fanout.lease_owner": None,
    }
    posts = wiring.store.database["posts"]
    posts.update_one({"_id": ids[0]}, {"$set": {"fanout.state": "dead"}})
    posts.update_one({"_id": ids[1]}, {"$set": held})
    try:
        yield
        posts.update_one({"_id": ids[1]}, {"$set": {"fanout.due_at": now}})
        assert wiring.outbox.replay([ids[0]], now) == 1
        done = {"_id": {"$in": ids}, "fanout.state": "done"}
        wait_until(lambda: posts.count_documents(done) == 2)
    finally:
        wiring.close()


@contextmanager
def no_primary(stack):
    """Have MongoDB step down for some seconds while visitors read the site."""
    ends = threading.Event()
    asked = (stack.settings.origin, ends)
    visitors = [threading.Thread(target=_visit, args=asked) for _ in range(6)]
    for visitor in visitors:
        visitor.start()
    with pymongo.MongoClient(stack.endpoints.mongodb_uri) as client:
        client.admin.command("replSetStepDown", WITHOUT_PRIMARY_S, force=True)
    yield
    ends.set()
    for visitor in visitors:
        visitor.join()


def _visit(origin, ends):
    while not ends.wait(0.05):
        try:
            with urlopen(f"{origin}/", timeout=5):
                pass
        except OSError:  # an answer of 503, or none
            pass
