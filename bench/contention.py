"""Rows for the public timeline: an indexed query against stored, bounded documents.

Sixteen writers publish at once. Either the index of `posts` is all there is, as in
Kwip, or each also pushes the id into one of several documents, sealed as homes are. A
reader asks for the newest 200 entries all the while.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from bench.rows import Row
from bench.worlds import empty_world
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.ids import MAX_ID, IdGenerator, PostId, UserId
from kwip.domain.posting.posts import Post, Visibility
from kwip.store.delivery.outbox import pending
from kwip.store.timelines.buckets import empty_timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.wiring import Wiring

ROUNDS, SECONDS, WRITERS, NEWEST = 5, 4.0, 16, 200
#: How many documents the public timeline is divided into.
DIVISIONS = (1, 16)


@dataclass
class Figures:
    """The figures of one way to store the public timeline, round by round."""

    posts_per_s: list[float] = field(default_factory=list)
    write_p95_ms: list[float] = field(default_factory=list)
    read_ms: list[float] = field(default_factory=list)
    conflicts_per_post: list[float] = field(default_factory=list)


def contention() -> Iterator[Row]:
    """Measure all ways in turn; the reference is the indexed query."""
    with empty_world() as wiring:
        ways = {0: Figures(), **{number: Figures() for number in DIVISIONS}}
        for turn in range(ROUNDS):
            order = list(ways)
            for documents in order if turn % 2 == 0 else order[::-1]:
                _Round(wiring, documents).run(ways[documents])
    for documents in DIVISIONS:
        for name, unit, ours, theirs in (
            ("write", "posts/s", ways[documents].posts_per_s, ways[0].posts_per_s),
            ("p95", "ms", ways[documents].write_p95_ms, ways[0].write_p95_ms),
            ("read", "ms", ways[documents].read_ms, ways[0].read_ms),
        ):
            yield Row(
                name=f"public-{documents}-{name}",
                what=f"the public timeline in {documents} documents",
                reference="the indexed query",
                unit=unit,
                ours=ours,
                theirs=theirs,
                goal=None,
                setting={"writers": WRITERS, "entries read": NEWEST},
                notes={
                    "conflicts per post": statistics.median(
                        ways[documents].conflicts_per_post
                    )
                },
            )


class _Round:
    """Sixteen writers and a reader for some seconds."""

    def __init__(self, wiring: Wiring, documents: int):
        self._wiring = wiring
        self._owners = [f"public:{number}" for number in range(documents)]
        self._ids = IdGenerator(system_clock_ms, random.Random())  # noqa: S311
        self._end = 0.0
        self._writes_ms: list[float] = []
        self._reads_ms: list[float] = []

    def run(self, figures: Figures) -> None:
        database = self._wiring.store.database
        for name in ("posts", "timelines", "timeline_buckets"):
            database[name].delete_many({})
        if self._owners:
            database["timelines"].insert_many(map(empty_timeline, self._owners))
        before = self._conflicts()
        self._end = time.perf_counter() + SECONDS
        threads = [threading.Thread(target=self._write) for _ in range(WRITERS)]
        threads.append(threading.Thread(target=self._read))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        number = len(self._writes_ms)
        figures.posts_per_s.append(number / SECONDS)
        figures.write_p95_ms.append(sorted(self._writes_ms)[number * 95 // 100])
        figures.read_ms.append(statistics.median(self._reads_ms))
        figures.conflicts_per_post.append((self._conflicts() - before) / number)

    def _conflicts(self) -> int:
        status = self._wiring.store.client.admin.command("serverStatus")
        return int(status["metrics"]["operation"]["writeConflicts"])

    def _write(self) -> None:
        while time.perf_counter() < self._end:
            slot = self._ids.random_slot()
            post = _post(PostId(self._ids.next_id(slot)), UserId(slot << 4))
            self._writes_ms.append(_timed(partial(self._publish, post)))

    def _publish(self, post: Post) -> None:
        now = at(system_clock_ms())
        self._wiring.stores.posts.insert(post, "bench", pending(now, now))
        if self._owners:
            owner = random.choice(self._owners)  # noqa: S311 -- a bench
            self._wiring.stores.timelines.push([owner], [post.id])
            self._wiring.stores.timelines.seal_full([owner])

    def _read(self) -> None:
        while time.perf_counter() < self._end:
            self._reads_ms.append(_timed(self._newest))
            time.sleep(0.02)

    def _newest(self) -> None:
        posts = self._wiring.stores.posts
        if not self._owners:
            posts.listed(below=MAX_ID, limit=NEWEST)
            return
        stored = self._wiring.stores.timelines.stored_many(self._owners)
        ids = sorted((i for each in stored.values() for i in each.ids), reverse=True)
        posts.entries(ids[:NEWEST])


def _timed(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1_000


def _post(post_id: PostId, author_id: UserId) -> Post:
    return Post(
        id=post_id,
        author_id=author_id,
        text="Something that somebody says to everybody.",
        visibility=Visibility.PUBLIC,
        created_at=at(system_clock_ms()),
        root_id=post_id,
    )
