from __future__ import annotations

import pytest

from kwip.domain.clock import to_ms
from kwip.domain.timelines.timelines import BUCKET_GRACE_S
from kwip.jobs.registry import jobs
from kwip.jobs.runner import LANES
from kwip.store.timelines.buckets import home_of
from tests.jobs.conftest import SMALL

TRIM_TO = SMALL["kwip.services.delivery.compaction.TRIM_TO"]
TRIM_ABOVE = SMALL["kwip.services.delivery.compaction.TRIM_ABOVE"]


@pytest.fixture(autouse=True)
def _small(small):
    pass


@pytest.fixture
def stored(kwip):
    return lambda viewer: kwip.stores.timelines.stored(home_of(viewer.id))


@pytest.fixture
def say_many(say, rings):
    """Return a function that publishes and delivers several posts, one by one."""

    def say_many(author, count, **fields):
        posts = []
        for number in range(count):
            posts.append(say(author, f"{author.username} {number}", **fields))
            rings.run()
        return [post.id for post in posts]

    return say_many


def test_a_merge_of_few_posts_takes_all_of_them(
    people, follow, say_many, stored, right
):
    alice, bob = people("alice", "bob")
    ids = say_many(alice, TRIM_TO)
    follow(alice, bob)

    assert list(stored(bob).ids) == ids[::-1]
    assert stored(bob).open.floor == 0
    right()


def test_a_merge_of_many_posts_raises_the_floor_to_the_newest(
    people, follow, say_many, stored, right
):
    alice, bob, carol = people("alice", "bob", "carol")
    follow(carol, bob)
    old = say_many(carol, 3)
    ids = say_many(alice, TRIM_TO + 2)
    follow(alice, bob)

    assert list(stored(bob).ids) == ids[::-1][:TRIM_TO]
    assert stored(bob).open.floor == ids[2] > old[-1]
    right()


def test_a_merge_takes_nothing_below_the_floor(
    people, follow, say_many, stored, right, mongodb
):
    alice, bob = people("alice", "bob")
    ids = say_many(alice, 4)
    mongodb["timelines"].update_one(
        {"_id": home_of(bob.id)}, {"$set": {"floor": ids[2]}}
    )
    follow(alice, bob)

    assert list(stored(bob).ids) == ids[:1:-1]
    right()


@pytest.mark.parametrize("how", ["a merge", "a rebuild"])
def test_direct_posts_to_others_hide_no_older_ones(
    people, follow, say_many, kwip, right, how
):
    """More of them than one query looks at, above what belongs into the home."""
    alice, bob = people("alice", "bob")
    if how == "a rebuild":
        follow(alice, bob)
    say_many(alice, 3)
    say_many(alice, TRIM_ABOVE + 1, visibility="direct")
    if how == "a rebuild":
        assert kwip.services.home_backfill.rebuild(bob.id)
    else:
        follow(alice, bob)

    right()


def test_a_home_that_grows_is_trimmed_and_read_on_below_its_floor(
    people, follow, say_many, stored, right, clock, mongodb
):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    before = clock()
    ids = say_many(alice, TRIM_ABOVE + 6)

    assert TRIM_TO <= len(stored(bob).ids) <= TRIM_ABOVE
    assert stored(bob).open.floor in ids[1:]
    expiring = [
        to_ms(d["expires_at"])
        for d in mongodb["timeline_buckets"].find({"owner": home_of(bob.id)})
        if "expires_at" in d
    ]
    assert expiring
    assert min(expiring) >= before + BUCKET_GRACE_S * 1000
    right()


def test_nothing_is_trimmed_that_is_not_too_long(people, say_many, kwip, stored):
    [alice] = people("alice")
    say_many(alice, TRIM_TO)

    assert kwip.services.home_backfill.compactor.trim([home_of(alice.id)]) == []
    assert stored(alice).open.floor == 0


def test_a_rebuild_brings_back_what_was_lost_and_takes_away_what_is_too_much(
    people, follow, say_many, kwip, stored, right, mongodb
):
    alice, bob, carol = people("alice", "bob", "carol")
    follow(alice, bob)
    say_many(alice, 7)
    strange = say_many(carol, 2)
    mongodb["timelines"].update_one(
        {"_id": home_of(bob.id)}, {"$set": {"entries": strange}}
    )
    old = stored(bob).open.epoch

    assert kwip.services.home_backfill.rebuild(bob.id)
    assert stored(bob).open.epoch > old
    right()
    assert kwip.services.home_backfill.rebuild(bob.id)
    right()


def test_a_home_whose_upkeep_is_busy_is_left_for_later(
    people, say, kwip, rings, now, clock, sweep, right
):
    alice, bob = people("alice", "bob")
    say(alice)
    lease = kwip.stores.timelines.take(home_of(bob.id), "somebody", now(), now())
    assert lease is not None
    clock.ahead_ms -= 5_000
    kwip.services.relationships.follow(bob, alice.id)
    rings.run()

    assert kwip.edges.waiting_count() == 1
    assert not kwip.services.home_backfill.rebuild(bob.id)
    sweep()
    right()


def test_every_job_has_a_queue(kwip):
    """A worker that knows a job without one does not start."""
    assert jobs(kwip.services).keys() == LANES.keys()
