"""Processes that write and read through the services, and what they record.

A register is one thing with a number: a post's text, a user's name, the newest post of
a user timeline. One process writes to it, one number after the other; all read it.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from bisect import bisect_left
from contextlib import ExitStack
from itertools import accumulate, count
from typing import TYPE_CHECKING, NamedTuple
from unittest.mock import patch

from kwip import telemetry
from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import ProfileChange
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.timelines.pages import PageRequest
from kwip.services.coherence import fence
from kwip.wiring import Options, build
from tests.cache.nodes import TENTH
from tests.servers import wait_until
from tests.wired import sign_up

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import PostId

#: Between two operations of a process, so that the machine is not used up.
PAUSE_S = 0.001
_PAGE = PageRequest(limit=1)


class Operation(NamedTuple):
    """A finished read or an acknowledged write, in nanoseconds of one clock."""

    register: str
    is_write: bool
    began: int
    ended: int
    number: int


def violations(history: Iterable[Operation]) -> list[str]:
    """Find reads older than the last write acknowledged before them, or of no write."""
    registers: dict[str, list[Operation]] = {}
    for operation in history:
        registers.setdefault(operation.register, []).append(operation)
    found = []
    for operations in registers.values():
        acked = _Highest((w.ended, w.number) for w in operations if w.is_write)
        begun = _Highest((w.began, w.number) for w in operations if w.is_write)
        for read in operations:
            if not read.is_write:
                oldest, newest = acked.before(read.began), begun.before(read.ended)
                if not oldest <= read.number <= newest:
                    found.append(f"{read} is not from {oldest} to {newest}")
    return found


class _Highest:
    """The highest number up to a moment; 0 before there is one."""

    def __init__(self, events: Iterable[tuple[int, int]]):
        ordered = sorted(events)
        self._moments = [moment for moment, _ in ordered]
        self._highest = list(accumulate((n for _, n in ordered), max))

    def before(self, moment: int) -> int:
        i = bisect_left(self._moments, moment)
        return self._highest[i - 1] if i else 0


class Author(NamedTuple):
    """Somebody whose post, name and timeline are registers."""

    viewer: Viewer
    post_id: PostId

    @property
    def registers(self) -> list[str]:
        return [f"{kind}:{self.viewer.username}" for kind in ("post", "name", "newest")]


def make_authors(settings, endpoints, number):
    """Sign authors up, whose registers all stand at 0."""
    kwip = build(settings, endpoints, role="cli", options=_OPTIONS)
    try:
        authors = []
        for each in range(number):
            viewer = sign_up(kwip, f"author{each}")
            post = kwip.services.posts.publish(viewer.id, Draft(text="0"))
            kwip.services.users.update_profile(viewer, ProfileChange(display_name="0"))
            kwip.services.posts.publish(viewer.id, Draft(text="0"))
            authors.append(Author(viewer, post.id))
        return authors
    finally:
        kwip.close()


_OPTIONS = Options(fence_times=TENTH, enqueue=lambda *_: None)
#: What may be taken out of a writer.
SABOTAGE = {
    "nothing": [],
    "one unlink": [(invalidation_rules, "edit", lambda **_: ())],
    # What could not be dropped is taken for dropped.
    "the fence": [(fence._Node, "suspend", lambda *_: 0.0)],
}


class Recorder:
    """What runs in one process."""

    def __init__(self, settings, endpoints, authors, own):
        self._kwip = build(settings, endpoints, role="web", options=_OPTIONS)
        self._kwip.cache.breaker._open_s = 0.1  # a tenth, too
        self._random = random.Random(os.getpid())  # noqa: S311 - a choice, no secret
        self._authors = authors
        self._own = own
        self._numbers = {name: count(1) for a in authors for name in a.registers}
        self.history = []

    def act(self):
        """Write to one register of an own author, or read one of anybody's."""
        authors = [self._own] if self._own else self._authors
        author = self._random.choice(authors)
        kind, name = self._random.choice(author.registers).split(":")
        register, began = f"{kind}:{name}", time.monotonic_ns()
        if self._own:
            number = next(self._numbers[register])
            getattr(self, f"_write_{kind}")(author, str(number))
        else:
            number = int(getattr(self, f"_read_{kind}")(author))
        ended, is_write = time.monotonic_ns(), bool(self._own)
        self.history.append(Operation(register, is_write, began, ended, number))

    def close(self):
        self._kwip.close()

    def _write_post(self, author, text):
        self._kwip.services.posts.edit(author.viewer, author.post_id, Edit(text=text))

    def _write_name(self, author, text):
        self._kwip.services.users.update_profile(
            author.viewer, ProfileChange(display_name=text)
        )

    def _write_newest(self, author, text):
        self._kwip.services.posts.publish(author.viewer.id, Draft(text=text))

    def _read_post(self, author):
        services = self._kwip.services
        variant = services.posts.get(None, services.loaders.begin(), author.post_id)
        return variant.post.text

    def _read_name(self, author):
        services = self._kwip.services
        variant = services.users.by_id(None, services.loaders.begin(), author.viewer.id)
        return variant.user.display_name

    def _read_newest(self, author):
        services = self._kwip.services
        page = services.timelines.user(
            None, services.loaders.begin(), author.viewer.id, _PAGE
        )
        return page.items[0].post.text


def record(pipe, done, *what):
    """Act from each word that says what to take out, until the next one comes."""
    recorder = Recorder(*what)
    try:
        pipe.send("ready")
        word = pipe.recv()
        while word is not None:
            recorder.history.clear()
            failures, hits = [], _hits()
            with ExitStack() as sabotage:
                for target, name, instead in SABOTAGE[word]:
                    sabotage.enter_context(patch.object(target, name, instead))
                while not pipe.poll(PAUSE_S):
                    try:
                        recorder.act()
                    except Exception as error:  # noqa: BLE001 - it is what is looked for
                        failures.append(repr(error))
                    with done.get_lock():
                        done.value += 1
            if (word := pipe.recv()) is not None:
                pipe.send((list(recorder.history), failures, _hits() - hits))
                word = pipe.recv()
    finally:
        recorder.close()


def _hits():
    return sum(
        sample.value
        for sample in telemetry.CACHE_REQUESTS.collect()[0].samples
        if sample.labels["result"] == "hit" and sample.name.endswith("_total")
    )


class Member:
    """One process of the crowd."""

    def __init__(self, context, *what):
        self._pipe, theirs = context.Pipe()
        self.done = context.Value("Q")
        args = (theirs, self.done, *what)
        self._process = context.Process(target=record, args=args)
        self._process.start()
        theirs.close()

    def answer(self):
        assert self._pipe.poll(30)
        return self._pipe.recv()

    def tell(self, word):
        self._pipe.send(word)

    def close(self):
        self.tell(None)
        self._process.join(10)
        assert self._process.exitcode == 0
        self._pipe.close()


class Crowd:
    """Two processes that write and three that read.

    `history`, `failures` and `hits` are those of whoever has been stopped.
    """

    def __init__(self, settings, endpoints):
        self.history, self.failures, self.hits = [], [], 0
        authors = make_authors(settings, endpoints, 2)
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.cache.history"])
        members = [
            Member(context, settings, endpoints, authors, own)
            for own in (*authors, None, None, None)
        ]
        self.writers, self.readers = members[:2], members[2:]
        for member in members:
            assert member.answer() == "ready"

    def start(self, members, taken_out="nothing"):
        for member in members:
            member.tell(taken_out)

    def go_on(self, members, operations):
        """Let each of some members finish more operations."""
        ends = [member.done.value + operations for member in members]
        wait_until(
            lambda: all(
                member.done.value >= end
                for member, end in zip(members, ends, strict=True)
            )
        )

    def stop(self, members):
        for member in members:
            member.tell("stop")
        for member in members:
            history, failures, hits = member.answer()
            self.history += [Operation(*each) for each in history]
            self.failures += failures
            self.hits += hits

    def close(self):
        for member in (*self.writers, *self.readers):
            member.close()
