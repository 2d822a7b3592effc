"""Whatever others do between two steps of a job, everything is right in the end.

Each test stops one piece of work after each of its steps in turn, reads included,
lets others do something, and lets it go on. It may have been stopped for longer than
its lease, so that somebody else has done its work: then it must not harm that.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from kwip.domain.errors import GoneError
from kwip.store.timelines.buckets import home_of


@pytest.fixture(autouse=True)
def _small(small):
    pass


@pytest.fixture
def alice_and_two(people, follow):
    """Return an author and two followers, in the order of their ids."""
    alice, *followers = people("alice", *"bc")
    follow(alice, *followers)
    return [alice, *sorted(followers, key=lambda viewer: viewer.id)]


@pytest.fixture
def deliver(rings):
    """Return a function that runs the oldest ring's job."""

    def deliver():
        if rings.waiting:
            job, job_id = rings.waiting.pop(0)
            rings.jobs[job](job_id)

    return deliver


def test_a_stopped_deliverer_past_its_lease(
    alice_and_two, say, deliver, sweep, interrupted_at_each_step
):
    alice, *_ = alice_and_two
    for number in range(3):
        say(alice, f"Post {number}")

    interrupted_at_each_step(deliver, sweep, steps_at_least=18)


@pytest.mark.parametrize("is_merged", [False, True])
def test_follows_during_a_delivery(
    alice_and_two, say, rings, deliver, kwip, interrupted_at_each_step, is_merged
):
    """Of the lowest and the highest follower, before and behind the cursor."""
    alice, *others = alice_and_two
    for other in others:
        kwip.services.relationships.unfollow(other, alice.id)
    rings.run()
    say(alice, "Hello")

    def meanwhile():
        for other in others:
            kwip.services.relationships.follow(other, alice.id)
        if is_merged:
            rings.run()

    interrupted_at_each_step(deliver, meanwhile, steps_at_least=8)


def test_a_delivery_during_a_follow(
    alice_and_two, say, rings, deliver, kwip, interrupted_at_each_step
):
    """The post is written and delivered between two steps of follow and merge."""
    alice, *others = alice_and_two
    kwip.services.relationships.unfollow(others[0], alice.id)
    rings.run()
    for number in range(7):
        say(alice, f"Earlier {number}")
    rings.run()

    def follow_and_merge():
        kwip.services.relationships.follow(others[0], alice.id)
        rings.run()

    def meanwhile():
        say(alice, "Now")
        rings.waiting.sort(reverse=True)
        deliver()

    interrupted_at_each_step(follow_and_merge, meanwhile, steps_at_least=10)


@pytest.mark.long
def test_a_change_of_mind_during_a_merge(
    alice_and_two, say, rings, kwip, interrupted_at_each_step
):
    """Unfollow, a post, follow again: the post is in the home all the same."""
    alice, *others = alice_and_two
    kwip.services.relationships.unfollow(others[0], alice.id)
    rings.run()
    say(alice, "Earlier")
    rings.run()

    def follow_and_merge():
        kwip.services.relationships.follow(others[0], alice.id)
        rings.run()

    def meanwhile():
        kwip.services.relationships.unfollow(others[0], alice.id)
        say(alice, "In between")
        jobs = [ring for ring in rings.waiting if ring[0] == "fanout"]
        for job, job_id in jobs:
            rings.jobs[job](job_id)
        kwip.services.relationships.follow(others[0], alice.id)

    interrupted_at_each_step(follow_and_merge, meanwhile, steps_at_least=10)


def test_a_stopped_merge_past_its_lease(
    alice_and_two, say, rings, kwip, sweep, interrupted_at_each_step
):
    alice, *others = alice_and_two
    kwip.services.relationships.unfollow(others[0], alice.id)
    rings.run()
    for number in range(10):
        say(alice, f"Post {number}")
    rings.run()
    kwip.services.relationships.follow(others[0], alice.id)

    def meanwhile():
        sweep()
        kwip.services.relationships.unfollow(others[0], alice.id)
        sweep()

    interrupted_at_each_step(rings.run, meanwhile, steps_at_least=10)


@pytest.mark.long
def test_a_stopped_scrub_past_its_lease(
    alice_and_two, say, rings, kwip, sweep, interrupted_at_each_step
):
    """Meanwhile the purge is done by another one, and the two follow again."""
    alice, *others = alice_and_two
    bob = others[0]
    for number in range(7):
        say(alice, f"Alice {number}")
        say(bob, f"Bob {number}")
        rings.run()
    kwip.services.relationships.unfollow(bob, alice.id)

    def meanwhile():
        sweep()
        kwip.services.relationships.follow(bob, alice.id)
        say(alice, "And again")
        sweep()

    interrupted_at_each_step(rings.run, meanwhile, steps_at_least=10)


def test_following_again_while_the_scrub_waits(alice_and_two, say, rings, kwip, right):
    alice, *others = alice_and_two
    for number in range(10):
        say(alice, f"Post {number}")
        rings.run()
    kwip.services.relationships.unfollow(others[0], alice.id)
    kwip.services.relationships.follow(others[0], alice.id)
    rings.run()

    right()


def test_a_follow_during_a_scrub(
    alice_and_two, say, rings, kwip, interrupted_at_each_step
):
    alice, *others = alice_and_two
    for number in range(7):
        say(alice, f"Post {number}")
        rings.run()
    kwip.services.relationships.unfollow(others[0], alice.id)

    def meanwhile():
        kwip.services.relationships.follow(others[0], alice.id)
        say(alice, "And again")

    interrupted_at_each_step(rings.run, meanwhile, steps_at_least=8)


@pytest.mark.long
def test_a_delivery_and_its_seal_during_a_scrub(
    alice_and_two, people, follow, say, rings, kwip, interrupted_at_each_step
):
    """The home is full, so that the delivery seals what the purge looks at."""
    alice, bob, *_ = alice_and_two
    [carol] = people("carol")
    follow(carol, bob)
    for number in range(3):
        say(alice, f"Alice {number}")
        say(carol, f"Carol {number}")
        rings.run()
    kwip.services.relationships.unfollow(bob, carol.id)

    def meanwhile():
        for number in range(3):
            say(alice, f"Now {number}")
        for job, job_id in list(rings.waiting):
            if job == "fanout":
                rings.jobs[job](job_id)

    interrupted_at_each_step(rings.run, meanwhile, steps_at_least=8)


@pytest.mark.long
@pytest.mark.parametrize("chunk", [2])
def test_a_scrub_during_a_seal(
    alice_and_two, people, follow, say, rings, kwip, deliver, interrupted_at_each_step
):
    """An unfollow is purged between any two steps of a delivery that seals."""
    alice, bob, *_ = alice_and_two
    [carol] = people("carol")
    follow(carol, bob)
    for number in range(3):
        say(alice, f"Alice {number}")
        say(carol, f"Carol {number}")
        rings.run()
    say(alice, "Seven")
    say(alice, "Eight")

    def meanwhile():
        kwip.services.relationships.unfollow(bob, carol.id)
        kwip.services.home_backfill.settle(bob.id, carol.id)

    interrupted_at_each_step(deliver, meanwhile, steps_at_least=10)


@pytest.mark.parametrize("chunk", [2])
def test_an_unfollow_during_a_delivery(
    alice_and_two, say, deliver, kwip, interrupted_at_each_step
):
    """The page of followers may have been read: then the id stays, but hidden."""
    alice, bob, *_ = alice_and_two
    say(alice, "Hello")

    def meanwhile():
        kwip.services.relationships.unfollow(bob, alice.id)
        kwip.services.home_backfill.settle(bob.id, alice.id)

    interrupted_at_each_step(deliver, meanwhile, steps_at_least=10, is_unfollowed=True)


@pytest.mark.parametrize("chunk", [2])
def test_a_deletion_during_a_delivery(
    alice_and_two, say, deliver, kwip, interrupted_at_each_step
):
    """What went along with the deleted post is delivered all the same."""
    alice, *_ = alice_and_two
    say(alice, "First")
    gone = say(alice, "Second")

    def meanwhile():
        with suppress(GoneError):
            kwip.services.posts.delete(alice, gone.id)

    interrupted_at_each_step(deliver, meanwhile, steps_at_least=10)


def test_posts_that_arrive_during_a_rebuild(
    alice_and_two, say, rings, kwip, interrupted_at_each_step
):
    """A followee's post is delivered; one's own is there before its delivery."""
    alice, bob, *_ = alice_and_two
    for number in range(7):
        say(alice, f"Post {number}")
        rings.run()
    seen = []

    def meanwhile():
        say(alice, "A new one")
        rings.run()
        own = say(bob, "My own")
        seen.append(own.id)
        rings.waiting.clear()

    def rebuild():
        kwip.services.home_backfill.rebuild(bob.id)
        assert (
            not seen or seen[-1] in kwip.stores.timelines.stored(home_of(bob.id)).ids
        ), "one's own post is missing until its delivery"
        seen.clear()

    interrupted_at_each_step(rebuild, meanwhile, steps_at_least=10)


@pytest.mark.long
def test_a_stopped_rebuild_past_its_lease(
    alice_and_two, people, follow, say, rings, kwip, sweep, interrupted_at_each_step
):
    """Meanwhile somebody is unfollowed and purged, and more is delivered."""
    alice, bob, *_ = alice_and_two
    [carol] = people("carol")
    follow(carol, bob)
    for number in range(5):
        say(alice, f"Alice {number}")
        say(carol, f"Carol {number}")
        rings.run()

    def meanwhile():
        kwip.services.relationships.unfollow(bob, carol.id)
        sweep()
        for number in range(3):
            say(alice, f"Later {number}")
        rings.run()

    interrupted_at_each_step(
        lambda: kwip.services.home_backfill.rebuild(bob.id),
        meanwhile,
        steps_at_least=10,
    )


def test_a_delivery_during_a_trim(
    alice_and_two, say, rings, kwip, interrupted_at_each_step
):
    alice, bob, *_ = alice_and_two
    for number in range(12):
        say(alice, f"Post {number}")
        rings.run()

    def trim():
        kwip.services.home_backfill.compactor.trim([home_of(bob.id)])

    def meanwhile():
        for number in range(3):
            say(alice, f"Later {number}")
        rings.run()

    interrupted_at_each_step(trim, meanwhile, steps_at_least=2)
