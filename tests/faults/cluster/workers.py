"""Faults of the processes that deliver posts, and of those that take them.

Deliveries are cut off in the middle: one author has 7,200 followers, and her posts
reach 1,000 of them at a time.
"""

from __future__ import annotations

import datetime as dt
import itertools
import time
import uuid

import psutil

from kwip.domain.accounts.users import READ, WRITE
from tests.faults.clients import Person
from tests.faults.cluster.inflict import WEBS
from tests.faults.cluster.load import Client
from tests.faults.history import wired
from tests.jobs.crowd import add_followers
from tests.servers import wait_until
from tests.wired import sign_up

WORKER = "worker-1"
#: Seven chunks that are logged, and a rest.
FOLLOWERS, CHUNKS = 7_200, 7
#: So long a delivery does not go on whose worker has gone.
CUT_OFF_S = 1.0
#: How often each web process is killed, at least and at most, and how many writes are
#: cut off by that.
ROUNDS, MOST_ROUNDS = 3, 10
CUT_OFF = 5
#: So long a worker that was stopped has to do what it still means to do.
GOES_ON_S = 5.0
#: A worker is stopped in the middle of one chunk, which it then finishes.
IN_HAND = 1


def kill_worker(cluster):
    """End a worker in the middle of a delivery, as `kill -9` does."""
    deliveries, kills = Deliveries(cluster), 0
    while True:
        post_id = deliveries.begin()
        before = cluster.kill(WORKER)
        kills += 1
        if deliveries.is_cut_off(post_id):
            break
        wait_until(lambda: cluster.is_back(WORKER, before))  # noqa: B023 -- waited for
    deliveries.finish(post_id)
    return {"kills": kills, "deliveries cut off": 1}


def stop_worker(cluster):
    """Stop a worker in the middle of a delivery until its lease is over."""
    deliveries, stops = Deliveries(cluster), 0
    while True:
        post_id = deliveries.begin()
        with cluster.stopped(WORKER):
            stops += 1
            if not deliveries.is_cut_off(post_id):
                continue
            # The other worker takes the post over.
            deliveries.finish(post_id)
        break
    time.sleep(GOES_ON_S)
    deliveries.finish(post_id)
    again = deliveries.chunks(post_id) - CHUNKS
    cluster.wrong["doubled"] += max(0, again - IN_HAND)
    return {"stops": stops, "deliveries taken over": 1}


class Deliveries:
    """What becomes of the posts of an author with many followers."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._author = _author(cluster)
        self._posts = cluster.database.posts

    def begin(self):
        """Post something, and wait until its delivery is under way; return its id."""
        cluster, client = self._cluster, Client(self._cluster.port, self._author)
        while True:
            text = f"To many: {uuid.uuid4()}"
            post_id = cluster.load.write(client, text, str(uuid.uuid4()))
            del cluster.load.seen.acknowledged[text]  # not for the reader's home
            wait_until(lambda: self._state(post_id)["cursor"] is not None)  # noqa: B023
            if self._state(post_id)["state"] == "pending":
                client.close()
                return post_id

    def is_cut_off(self, post_id):
        """Return whether a delivery does not go on."""
        before = self._state(post_id)
        time.sleep(CUT_OFF_S)
        return before["state"] == "pending" and self._state(post_id) == before

    def finish(self, post_id):
        """Wait until a post is delivered; note who lacks it and who has it twice."""
        wait_until(lambda: self._state(post_id)["state"] == "done", 120)
        homes = self._cluster.database.timelines
        twice = {"$filter": {"input": "$entries", "cond": {"$eq": ["$$this", post_id]}}}
        has_twice = {"entries": post_id, "$expr": {"$gt": [{"$size": twice}, 1]}}
        lacking = FOLLOWERS + 1 - homes.count_documents({"entries": post_id})
        self._cluster.wrong["missing"] += lacking
        self._cluster.wrong["doubled"] += homes.count_documents(has_twice)

    def chunks(self, post_id):
        """Count how often 1,000 followers got a post, as the workers logged it."""
        logs = (self._cluster.home.logs / f"worker-{n}.log" for n in (1, 2))
        lines = itertools.chain.from_iterable(
            log.read_text().splitlines() for log in logs
        )
        return sum("chunk_delivered" in line and str(post_id) in line for line in lines)

    def _state(self, post_id):
        return self._posts.find_one({"_id": post_id}, {"fanout": 1})["fanout"]


def _author(cluster):
    """Return the author with many followers; make her the first time."""
    found = getattr(cluster, "author", None)
    if found is None:
        with wired(cluster) as kwip:
            star = sign_up(kwip, "star")
            slots = range(100_000, 100_000 + FOLLOWERS)
            now = dt.datetime.now(dt.UTC)
            add_followers(kwip, cluster.database, star.id, slots, now)
            create = kwip.services.authentication.create_token
            token = create(star, "test", frozenset({READ, WRITE}))[1]
        found = cluster.author = Person(star.username, star.id, token)
    return found


def kill_web_workers(cluster):
    """End processes that answer requests, each as soon as a post was stored."""
    killed, before = 0, cluster.repeated_by_nginx()
    inserts = [{"$match": {"operationType": "insert"}}]
    for role in WEBS * MOST_ROUNDS:
        [worker] = wait_until(psutil.Process(cluster.pid_of(role)).children)
        with cluster.database.posts.watch(inserts) as stored:
            stored.next()
            worker.kill()
        killed += 1
        wait_until(lambda: _has_worker(cluster, role, worker.pid))  # noqa: B023
        again = cluster.load.failed("post", cluster.began)
        again += cluster.repeated_by_nginx() - before
        if killed >= len(WEBS) * ROUNDS and again >= CUT_OFF:
            break
    return {"processes killed": killed, "writes repeated": again}


def _has_worker(cluster, role, before):
    """Return whether a web server that still runs has a new process that answers."""
    workers = [each.pid for each in psutil.Process(cluster.pid_of(role)).children()]
    return before not in workers and cluster.is_back(role, None)
