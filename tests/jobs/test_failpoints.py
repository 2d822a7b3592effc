"""Whoever dies between two steps: everything is exactly right in the end.

Each test is a row of the table: a state, and a piece of work that is killed after
each of its steps in turn. Then all leases run out, the sweeper rings, and whoever
asked asks again; homes, edges and counters must be as if nothing had happened.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from kwip.domain.errors import GoneError
from kwip.store.timelines.buckets import home_of


@pytest.fixture(autouse=True)
def _small(small):
    pass


def test_a_delivery(people, follow, say, rings, kwip, killed_at_each_step):
    """Three posts together, around the ring, through seals and a trim.

    One follower is told of each, one of those is also named, and one answered. In a
    sharded cluster a chunk of one follower takes the same steps.
    """
    alice, carol, *followers = people("alice", "carol", *"de")
    follow(alice, *followers)
    kwip.services.relationships.follow(followers[0], alice.id, notify=True)
    follow(carol, followers[1])
    for number in range(5):
        say(alice, f"Alice {number}")
        say(carol, f"Carol {number}")
        say(carol, f"More of Carol {number}")
        rings.run()
    asked = say(carol, "Asked")
    rings.run()
    first = say(alice, "First, @d and @carol")
    say(alice, "Second", to=asked)
    say(alice, "Third", to=first)

    killed_at_each_step(rings.run, steps_at_least=28)


def test_a_delivery_to_many_who_asked(
    people, follow, say, rings, kwip, killed_at_each_step, monkeypatch
):
    monkeypatch.setattr("kwip.services.delivery.notifier.SUBSCRIBERS_AT_ONCE", 1)
    alice, *followers = people("alice", *"bcd")
    for follower in followers:
        kwip.services.relationships.follow(follower, alice.id, notify=True)
    rings.run()
    say(alice, "Hello @b")

    killed_at_each_step(rings.run, steps_at_least=12)


def test_a_repost(people, say, rings, kwip, killed_at_each_step):
    alice, bob = people("alice", "bob")
    post = say(alice, "Hello")
    rings.run()

    def repost():
        kwip.services.reposts.repost(bob, post.id)
        rings.run()

    killed_at_each_step(repost, repost, steps_at_least=8)


def test_a_delivery_of_a_direct_post(people, follow, say, rings, killed_at_each_step):
    alice, *followers = people("alice", "bob", "carol")
    follow(alice, *followers)
    say(alice, "@bob psst @stranger", visibility="direct")

    killed_at_each_step(rings.run, steps_at_least=6)


def test_a_merge(people, follow, say, rings, kwip, killed_at_each_step):
    """A follow of somebody with so many posts that the floor rises and a seal comes."""
    alice, bob, carol = people("alice", "bob", "carol")
    follow(alice, bob)
    for number in range(6):
        say(alice, f"Alice {number}")
        say(carol, f"Carol {number}")
        say(carol, f"@bob {number}", visibility="direct")
        say(carol, f"@alice {number}", visibility="direct")
        rings.run()
    kwip.services.relationships.follow(bob, carol.id)

    killed_at_each_step(rings.run, steps_at_least=8)


def test_a_scrub(people, follow, say, rings, kwip, killed_at_each_step):
    alice, bob, carol = people("alice", "bob", "carol")
    follow(alice, bob)
    follow(carol, bob)
    for number in range(6):
        say(alice, f"Alice {number}")
        say(carol, f"Carol {number}")
        rings.run()
    kwip.services.relationships.unfollow(bob, carol.id)

    killed_at_each_step(rings.run, steps_at_least=8)


def test_a_trim(people, say, rings, kwip, killed_at_each_step, monkeypatch):
    [alice] = people("alice")
    with monkeypatch.context() as patched:
        patched.setattr("kwip.services.delivery.compaction.TRIM_ABOVE", 1_600)
        for number in range(16):
            say(alice, f"Post {number}")
            rings.run()

    def trim():
        kwip.services.home_backfill.compactor.trim([home_of(alice.id)])

    killed_at_each_step(trim, trim, steps_at_least=6)


def test_a_rebuild(people, follow, say, rings, kwip, mongodb, killed_at_each_step):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    for number in range(10):
        say(alice, f"Alice {number}")
        rings.run()
    say(bob, "Not delivered yet")
    own = mongodb["timelines"].find_one({"_id": home_of(bob.id)})["entries"][-1]
    mongodb["timeline_buckets"].delete_many({"owner": home_of(bob.id)})
    mongodb["timelines"].update_one(
        {"_id": home_of(bob.id)}, {"$set": {"entries": [own]}}
    )

    def rebuild():
        kwip.services.home_backfill.rebuild(bob.id)

    def rebuild_later():
        with_lease = mongodb["timelines"].update_one
        with_lease({"_id": home_of(bob.id)}, {"$set": {"upkeep": None}})
        rebuild()

    killed_at_each_step(rebuild, rebuild_later, steps_at_least=8)


def test_publishing(people, follow, say, killed_at_each_step):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    root = say(bob, "A question")

    def publish():
        say(alice, "An answer", to=root, key="one")

    killed_at_each_step(publish, publish, steps_at_least=4)


def test_publishing_that_nobody_repeats(people, follow, say, killed_at_each_step):
    """The post is nowhere or everywhere, its author's own home included."""
    alice, bob = people("alice", "bob")
    follow(alice, bob)

    killed_at_each_step(lambda: say(alice, "Hello"), steps_at_least=3)


def test_deleting(people, follow, say, rings, kwip, killed_at_each_step):
    alice, bob = people("alice", "bob")
    follow(alice, bob)
    root = say(bob, "A question")
    answer = say(alice, "An answer", to=root)
    rings.run()

    def delete():
        with suppress(GoneError):
            kwip.services.posts.delete(alice, answer.id)

    killed_at_each_step(delete, delete, steps_at_least=2)


@pytest.mark.parametrize("change", ["follow", "unfollow", "block"])
def test_a_change_between_two_people(
    people, follow, say, rings, kwip, killed_at_each_step, change
):
    alice, bob = people("alice", "bob")
    if change != "follow":
        follow(alice, bob)
        follow(bob, alice)
    for each in (alice, bob):
        say(each, "Hello")
    rings.run()

    def work():
        getattr(kwip.services.relationships, change)(bob, alice.id)

    killed_at_each_step(work, work, steps_at_least=2)
