"""Homes of people who have stopped reading go and come back, and no reader notices."""

from __future__ import annotations

import pytest

from kwip.domain.ids import MAX_ID
from kwip.domain.timelines.id_lists import Between
from kwip.services.maintenance.reindexing.reindex import Verifier
from kwip.store.timelines.buckets import home_of
from tests.jobs.conftest import LONG_MS
from tests.jobs.oracle import Oracle, read_home
from tests.wired import Silence

DAYS_15_MS = 15 * 86_400_000
HOUR_MS = 3_600_000


@pytest.fixture(autouse=True)
def _small(small):
    pass


@pytest.fixture
def read(kwip, rings):
    """Return a function that reads a home, and does what that rings for."""

    def read(viewer):
        ids = read_home(kwip, viewer.id)
        rings.run()
        return ids

    return read


@pytest.fixture
def asleep(kwip, clock, rings, read):
    """Return a function that lets time go by, while all but some go on reading."""

    def sleep(*sleepers, users):
        kwip.sweeper.sweep()
        clock.ahead_ms += DAYS_15_MS
        for user in set(users) - set(sleepers):
            read(user)

    return sleep


@pytest.fixture
def world(people, follow, say, rings, asleep, once, clock):
    """Return bob, who reads no more, and alice and carol, whom he follows.

    Some of their posts are sealed in his home, and two wait for their delivery.
    """

    def make():
        alice, bob, carol = people("alice", "bob", "carol")
        follow(alice, bob)
        follow(carol, bob)
        follow(bob, alice)
        for number in range(5):
            say(alice, f"Alice {number}")
            say(carol, f"Carol {number}")
            rings.run()
        asleep(bob, users=[alice, bob, carol])
        return alice, bob, carol

    made = once(make)
    clock.ahead_ms = DAYS_15_MS
    return made


@pytest.fixture
def hibernate(kwip, rings):
    """Return a function that lets the sweeper find who is hibernating."""

    def hibernate():
        kwip.sweeper.sweep()
        rings.run()

    return hibernate


@pytest.fixture
def home(mongodb):
    return lambda viewer: mongodb["timelines"].find_one({"_id": home_of(viewer.id)})


def test_who_does_not_read_has_no_home_and_reads_everything(
    world, hibernate, home, say, rings, right, kwip
):
    alice, bob, carol = world
    hibernate()
    post = say(alice, "While he slept, @bob")
    rings.run()

    assert home(bob) is None
    assert home(alice)["state"] == home(carol)["state"] == "ok"
    assert kwip.edges.followers(alice.id, above=0, upto=MAX_ID, limit=9) == []
    assert kwip.stores.pull_authors.active_followers(alice.id, 9) == 0
    right()
    assert read_home(kwip, bob.id)[0] == post.id


def test_who_comes_back_gets_a_home_again(
    world, hibernate, home, say, rings, right, read, kwip
):
    alice, bob, _ = world
    hibernate()
    say(alice, "While he slept")
    rings.run()
    seen = read(bob)

    assert home(bob)["state"] == "ok"
    assert read(bob) == seen
    post = say(alice, "Good morning")
    rings.run()
    assert kwip.stores.timelines.stored(home_of(bob.id)).ids[0] == post.id
    right()


def test_whoever_reads_stays_and_it_is_noted_once_an_hour(
    world, clock, read, home, hibernate, kwip, rings
):
    _, bob, _ = world
    read(bob)
    first = home(bob)["last_read_at"]
    hibernate()
    clock.ahead_ms += HOUR_MS - 60_000
    read_home(kwip, bob.id)
    assert rings.waiting == []
    clock.ahead_ms += 60_000
    read(bob)

    assert home(bob)["state"] == "ok"
    assert (home(bob)["last_read_at"] - first).total_seconds() >= HOUR_MS / 1000


def test_a_follow_by_who_has_no_home_is_done_with_at_once(
    world, hibernate, people, kwip, rings, say, right, read
):
    _, bob, carol = world
    hibernate()
    [dave] = people("dave")
    say(dave, "Hello")
    rings.run()
    kwip.services.relationships.follow(bob, dave.id)
    kwip.services.relationships.unfollow(bob, carol.id)
    rings.run()

    right()
    read(bob)
    right()


def test_who_is_dormant_still_follows(world, hibernate, kwip, say, rings):
    alice, bob, _ = world
    hibernate()
    rows = kwip.stores.relationships.followers(alice.id, Between(0, MAX_ID, 9))

    assert [row.id for row in rows] == [bob.id]
    assert kwip.edges.followers_among(alice.id, [bob.id]) == [bob.id]


def test_there_is_nothing_to_verify_or_to_rebuild_of_who_has_no_home(
    world, hibernate, kwip
):
    _, bob, _ = world
    hibernate()
    verifier = Verifier(kwip.stores, kwip.edges)

    verdict = verifier.verify([[bob.id]], Silence())
    assert (verdict.differences, verdict.purge_pending) == ((), 0)
    assert kwip.services.home_backfill.rebuild(bob.id)


@pytest.fixture
def drop(world, kwip):
    return lambda: kwip.services.hibernation.hibernate(world[1].id)


@pytest.fixture
def come_back(world, kwip):
    return lambda: kwip.services.hibernation.note_read(world[1].id)


@pytest.fixture
def deliver(world, kwip, say, rings):
    """Return a function that publishes and delivers two posts, one after the other."""

    def deliver():
        for author in world[::2]:
            say(author, f"Something new of {author.username}")
            rings.run()

    return deliver


def test_a_worker_killed_at_any_step_of_a_hibernation(drop, killed_at_each_step):
    killed_at_each_step(drop, steps_at_least=6)


def test_a_worker_killed_at_any_step_of_a_return(
    world, drop, come_back, say, killed_at_each_step
):
    """Posts wait for their delivery; whoever came back may not ask again."""
    drop()
    for author in world:
        say(author, "Waiting")

    killed_at_each_step(come_back, steps_at_least=7)


@pytest.fixture
def look(world, kwip, mongodb):
    """Return a function that reads bob's home, and compares it with what is due."""

    def look():
        seen = read_home(kwip, world[1].id, limit=3)
        oracle = Oracle(mongodb)
        due = {
            i
            for i in oracle.shown(world[1].id)
            if oracle.posts[i]["fanout"]["state"] == "done"
        }
        assert seen == sorted(set(seen), reverse=True)
        assert due <= set(seen) <= oracle.shown(world[1].id)

    return look


def test_a_delivery_during_a_hibernation(drop, deliver, look, interrupted_at_each_step):
    def meanwhile():
        look()
        deliver()
        look()

    interrupted_at_each_step(drop, meanwhile, steps_at_least=8)


def test_a_delivery_during_a_return(
    drop, come_back, deliver, look, interrupted_at_each_step
):
    drop()

    def meanwhile():
        look()
        deliver()
        look()

    interrupted_at_each_step(come_back, meanwhile, steps_at_least=12)


@pytest.mark.parametrize("way", ["drop", "come_back"])
def test_a_hibernation_or_a_return_during_a_delivery(
    world, drop, come_back, look, say, rings, interrupted_at_each_step, way
):
    alice, *_ = world
    if way == "come_back":
        drop()
    say(alice, "Something new")

    def run_one():
        if rings.waiting:
            job, job_id = rings.waiting.pop(0)
            rings.jobs[job](job_id)

    def meanwhile():
        (drop if way == "drop" else come_back)()
        look()

    interrupted_at_each_step(run_one, meanwhile, steps_at_least=8)


@pytest.mark.parametrize("follows_anew", [False, True])
def test_a_return_during_a_hibernation_that_was_stopped(
    world,
    drop,
    come_back,
    look,
    clock,
    follow,
    unfollow,
    interrupted_at_each_step,
    follows_anew,
):
    """Past its lease it must not spoil the home that was built meanwhile."""
    alice, bob, _ = world

    def meanwhile():
        clock.ahead_ms += LONG_MS
        come_back()
        come_back()
        if follows_anew:
            unfollow(alice, bob)
            follow(alice, bob)
        look()

    interrupted_at_each_step(drop, meanwhile, steps_at_least=8)


def test_a_return_that_was_stopped_while_another_one_did_it(
    drop, come_back, look, clock, interrupted_at_each_step
):
    drop()

    def meanwhile():
        clock.ahead_ms += LONG_MS
        come_back()
        look()

    interrupted_at_each_step(come_back, meanwhile, steps_at_least=12)
