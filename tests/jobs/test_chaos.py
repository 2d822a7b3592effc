"""Anything at any moment: people, workers and deaths drawn at random, by seed."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import pytest

from kwip.domain.errors import KwipError
from kwip.store.timelines.buckets import home_of
from tests.jobs.conftest import LONG_MS
from tests.jobs.oracle import Oracle
from tests.thorough import part

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer

SEEDS = part(range(3), of=3)
#: What nobody waits for; the others are requests.
JOBS = ("work", "work", "work", "sweep", "rebuild", "trim")
ACTIONS = 60


class Draw(NamedTuple):
    """Who takes part in an action, and any number."""

    one: Viewer
    two: Viewer
    number: int


class Chaos:
    """Draws who does what, and whether they die or are interrupted in the middle."""

    def __init__(self, kwip, rings, steps, clock, say, forget, chance):
        self._kwip = kwip
        self._rings = rings
        self._steps = steps
        self._clock = clock
        self._say = say
        self._forget = forget
        self._chance = chance
        self.people = []
        self.posts = []
        self.done = []

    def act(self):
        """Do something; sometimes die on the way, or let others act meanwhile."""
        action, fate = self._action(), self._chance.random()
        step = self._chance.randint(1, 14)
        if fate < 0.3:
            self.done.append(f"killed after {step}")
            self._steps.kill(step, action)
            # A request that died may have left the cache behind; its entries live
            # for 300 s at most, unlike a job's, which is run again and drops them.
            if self.done[-1][0] not in JOBS:
                self._forget()
        elif fate < 0.6:
            other = self._action()
            self.done.append(f"interrupted after {step}")
            self._steps.interrupt(step, action, other)
        else:
            action()

    def _action(self):
        name = self._chance.choice(
            [
                *("post", "post", "post", "reply", "direct", "delete"),
                *("follow", "follow", "unfollow", "block", "unblock"),
                *JOBS,
            ]
        )
        draw = Draw(*self._chance.sample(self.people, 2), self._chance.randrange(10**6))

        def action():
            self.done.append((name, draw.one.username, draw.two.username))
            with suppress(KwipError):  # for example an answer to a deleted post
                getattr(self, f"_{name}")(draw)

        return action

    def _post(self, draw):
        self.posts.append(
            (draw.one, self._say(draw.one, f"Post {draw.number}", key=str(draw.number)))
        )

    def _reply(self, draw):
        if self.posts:
            parent = self.posts[draw.number % len(self.posts)][1]
            self.posts.append(
                (draw.one, self._say(draw.one, f"Re {draw.number}", to=parent))
            )

    def _direct(self, draw):
        text = f"@{draw.two.username} {draw.number}"
        self.posts.append((draw.one, self._say(draw.one, text, visibility="direct")))

    def _delete(self, draw):
        if self.posts:
            author, post = self.posts[draw.number % len(self.posts)]
            self._kwip.services.posts.delete(author, post.id)

    def _follow(self, draw):
        self._kwip.services.relationships.follow(draw.one, draw.two.id)

    def _unfollow(self, draw):
        self._kwip.services.relationships.unfollow(draw.one, draw.two.id)

    def _block(self, draw):
        self._kwip.services.relationships.block(draw.one, draw.two.id)

    def _unblock(self, draw):
        self._kwip.services.relationships.unblock(draw.one, draw.two.id)

    def _work(self, draw):
        waiting = self._rings.waiting
        for _ in range(3):
            if waiting:
                job, job_id = waiting.pop(draw.number % len(waiting))
                self._rings.jobs[job](job_id)

    def _sweep(self, _):
        self._clock.ahead_ms += LONG_MS
        self._kwip.sweeper.sweep()

    def _rebuild(self, draw):
        self._kwip.services.home_backfill.rebuild(draw.one.id)

    def _trim(self, draw):
        self._kwip.services.home_backfill.compactor.trim([home_of(draw.one.id)])


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_happens_everything_is_right_in_the_end(
    seed,
    small,
    kwip,
    rings,
    steps,
    clock,
    people,
    say,
    now,
    sweep,
    right,
    read_homes,
    redis_cache,
):
    chance = random.Random(seed)  # noqa: S311 -- the same for each seed
    chaos = Chaos(kwip, rings, steps, clock, say, redis_cache.flushdb, chance)
    chaos.people = people("alice", "bob", "carol", "dave")
    for number in range(ACTIONS):
        if number % 10 == 0:
            read_homes()
        chaos.act()
    for ids in kwip.outbox.iter_dead():  # whoever killed their workers gives up
        kwip.outbox.replay(ids, now())
    rings.waiting.clear()
    sweep()

    try:
        right(is_unfollowed=True)
    except AssertionError as error:
        error.add_note("\n".join(map(str, chaos.done)))
        raise
    assert len(Oracle(kwip.store.database).posts) > 5
