"""Readers race with deletions, suspensions and revoked tokens, on all web servers.

What ends is read until it is in the caches, then ended, and read on. Whoever still sees
it in an answer to a request that began after the acknowledgement is counted.
"""

from __future__ import annotations

import itertools
import threading
import time
import uuid

from kwip.domain.accounts.users import READ, WRITE, Viewer
from kwip.domain.posting.posts import Draft
from tests.faults.cluster.load import Client
from tests.faults.history import wired
from tests.faults.sabotage import taken_out
from tests.wired import sign_up

LONG_S = 20.0
READERS = 3
#: How long after the acknowledgement others still read.
AFTER_S = 0.5
_POSTS = "/api/v1/statuses"


def races(cluster):
    """Delete posts, suspend people and revoke tokens, while others read."""
    done = {}
    with wired(cluster) as kwip, taken_out(cluster.without):
        assert kwip.fence.await_lease(within_s=30)
        cluster.suspect = sign_up(kwip, "suspect")
        kwip.services.posts.publish(cluster.suspect.id, Draft(text="Hello"))
        works = [
            threading.Thread(target=_repeat, args=(work, cluster, kwip, done))
            for work in (_delete, _suspend, _revoke)
        ]
        for work in works:
            work.start()
        for work in works:
            work.join()
    return done


def _repeat(work, cluster, kwip, done):
    end = time.monotonic() + LONG_S
    for number in itertools.count(1):
        with _Readers(cluster) as readers:
            work(cluster, kwip, readers)
        cluster.wrong["seen"] += readers.seen
        done[work.__name__.strip("_")] = number
        if time.monotonic() > end:
            return


def _delete(cluster, _kwip, readers):
    author = cluster.people[0]
    client = Client(cluster.port, author)
    text, key = f"Until deleted: {uuid.uuid4()}", str(uuid.uuid4())
    post_id = cluster.load.write(client, text, key)
    del cluster.load.seen.acknowledged[text]
    account = f"/api/v1/accounts/{author.id}/statuses?limit=5"
    readers.start(text, f"{_POSTS}/{post_id}", account, "/api/v1/timelines/public")
    readers.end(lambda: client.ask("DELETE", f"{_POSTS}/{post_id}")[0] == 200)
    client.close()


def _suspend(cluster, kwip, readers):
    person = cluster.suspect
    readers.start(
        f'"{person.username}"',
        f"/api/v1/accounts/{person.id}",
        f"/api/v1/accounts/{person.id}/statuses?limit=5",
    )
    readers.end(lambda: kwip.services.moderation.suspend(person.id) is None)
    readers.stop()
    kwip.services.moderation.unsuspend(person.id)


def _revoke(cluster, kwip, readers):
    person = cluster.people[-1]
    viewer = Viewer(id=person.id, username=person.name, digest="0" * 64)
    scopes = frozenset({READ, WRITE})
    info, token = kwip.services.authentication.create_token(viewer, "race", scopes)
    path = "/api/v1/accounts/verify_credentials"
    readers.start(f'"{person.name}"', path, person=person._replace(token=token))
    revoke = kwip.services.authentication.revoke_token
    readers.end(lambda: revoke(viewer, info.id) is None)


class _Readers:
    """Some who read addresses again and again; `seen` counts what came too late."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._ended = float("inf")
        self._stop = threading.Event()
        self._threads, self._shown = [], []
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self, words, *paths, person=None):
        """Read until everybody has seen some words at every address."""
        self._shown = [threading.Event() for _ in range(READERS)]
        self._threads = [
            threading.Thread(target=self._read, args=(shown, words, paths, person))
            for shown in self._shown
        ]
        for thread in self._threads:
            thread.start()
        for shown in self._shown:
            assert shown.wait(30), f"nobody saw {words} at {paths}"

    def end(self, act):
        """Do what must end it, until it is acknowledged; go on reading for a while."""
        while not act():
            time.sleep(0.05)
        self._ended = time.monotonic()
        time.sleep(AFTER_S)

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _read(self, shown, words, paths, person):
        client, missing = Client(self._cluster.port, person), set(paths)
        for path in itertools.cycle(paths):
            if self._stop.is_set():
                break
            began = time.monotonic()
            _, body = client.ask("GET", path)
            if words.encode() in body:
                missing.discard(path)
                self.seen += began > self._ended
            if not missing:
                shown.set()
        client.close()
