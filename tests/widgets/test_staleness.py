"""No widget shows what was deleted, from the moment that the deletion is acknowledged.

`make stale` reads 10,000 times while posts are deleted; the suite reads a few hundred.
"""

from __future__ import annotations

import os
import random
from contextlib import closing
from threading import Condition, Event, Thread

from kwip.app import create_app
from kwip.wiring import Options, build
from tests.widgets.test_widgets import ROOT

READS = int(os.environ.get("STALE_READS", "300"))
READERS, WRITERS = 4, 2
#: A reader reads so often before it waits for another deletion: reading is faster.
A_ROUND = 5
PATHS = (
    *("public", "public?limit=5", "tag/race", "user/alice", "user/alice?replies=true"),
    *("thread/{root}", "thread/{root}?shape=nested", "thread/{root}?replies=approved"),
)


def every_id(posts):
    for post in posts:
        yield post["id"]
        yield from every_id(post.get("replies", ()))


class Race:
    """Posts that are written and deleted while others read."""

    def __init__(self, apps, alice):
        self.root = alice.say("#race root")["id"]
        self._apps, self._alice = apps, alice
        self._gone: list[str] = []
        self._is_over, self._deleted = Event(), Condition()
        self.reads, self.behind, self.stale = [], [], []

    def run(self, reads):
        readers = [
            Thread(target=self._read, args=(number, reads // READERS))
            for number in range(READERS)
        ]
        writers = [Thread(target=self._write) for _ in range(WRITERS)]
        for thread in (*writers, *readers):
            thread.start()
        for thread in readers:
            thread.join()
        self._is_over.set()
        for thread in writers:
            thread.join()

    def _write(self):
        while not self._is_over.is_set():
            kwips = [
                self._alice.say("#race", **more)["id"]
                for more in ({}, {"in_reply_to_id": self.root})
            ]
            for post_id in kwips:
                answer = self._alice.ask("DELETE", f"/api/v1/statuses/{post_id}")
                assert answer.status_code == 200
                with self._deleted:
                    self._gone.append(post_id)  # acknowledged: nobody may see it now
                    self._deleted.notify_all()

    def _read(self, number, times):
        chance = random.Random(number)  # noqa: S311 -- the same every time
        client = self._apps[number % len(self._apps)].test_client(use_cookies=False)
        for turn in range(times):
            if turn % A_ROUND == 0:
                with self._deleted:
                    assert self._deleted.wait(timeout=30)
            path = f"{ROOT}/{chance.choice(PATHS).format(root=self.root)}"
            known = len(self._gone)
            answer = client.get(path)
            shown = set(every_id(answer.json["posts"]))
            self.reads.append(known)
            self.stale += [(path, each) for each in self._gone[:known] if each in shown]
            if shown - {self.root}:
                self.behind.append(path)  # it has what is about to be deleted


def test_what_was_deleted_is_in_no_answer_that_begins_later(
    app, settings, endpoints, alice
):
    other = build(
        settings, endpoints, role="web", options=Options(enqueue=lambda *_: None)
    )
    with closing(other):
        assert other.fence.await_lease(within_s=30)
        race = Race([app, create_app(other, settings)], alice)
        race.run(READS)

    print(  # noqa: T201 -- for `make stale`
        f"{len(race.reads)} reads raced with {race.reads[-1]} deletions; "
        f"{len(race.behind)} had a kwip that was deleted afterwards; "
        f"{len(race.stale)} were stale"
    )
    assert race.stale == []
    assert len(race.reads) == READS // READERS * READERS
    assert race.reads[-1] > 5
    assert race.behind
