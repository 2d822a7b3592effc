"""Real worker processes, killed and stopped in the middle of a large delivery."""

from __future__ import annotations

import signal

import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.posting.posts import Draft
from kwip.services.delivery.fanout import FanoutLimits
from tests.jobs.crowd import add_followers
from tests.jobs.oracle import Oracle
from tests.servers import wait_until
from tests.thorough import part

#: Seven chunks and a bit.
FOLLOWERS = 7_200


@pytest.fixture
def chunk():
    """Return the real number of followers in a chunk."""
    return FanoutLimits().chunk


@pytest.fixture
def crowd(kwip, people, mongodb, now):
    """Return an author with many followers."""
    [alice] = people("alice")
    add_followers(kwip, mongodb, alice.id, range(1, FOLLOWERS + 1), now())
    return alice


@pytest.fixture
def ringing(make_worker):
    """Return a process whose bell is the real queue."""
    return make_worker(enqueue=None, clock=system_clock_ms)


@pytest.fixture
def publish(ringing, crowd, mongodb):
    """Return a function that publishes, and waits until delivery is under way."""

    def publish():
        post = ringing.services.posts.publish(crowd.id, Draft(text="Hello"))

        def has_begun():
            found = mongodb["posts"].find_one({"_id": post.id}, {"fanout": 1})
            return found["fanout"]["cursor"] is not None

        wait_until(has_begun)
        return post

    return publish


@pytest.fixture
def is_everywhere_once(mongodb, crowd):
    """Return a function that fails unless all homes have a post exactly once."""

    def check(post):
        homes = mongodb["timelines"]
        assert homes.count_documents({"entries": [post.id]}) == FOLLOWERS + 1
        document = mongodb["posts"].find_one({"_id": post.id})
        assert document["fanout"]["state"] == "done"
        author = mongodb["users"].find_one({"_id": crowd.id})
        assert author["posts_count"] == 1

    return check


def fanout_of(mongodb, post):
    return mongodb["posts"].find_one({"_id": post.id})["fanout"]


def test_a_worker_process_killed_in_the_middle_of_a_delivery(
    start, publish, mongodb, sweep, is_everywhere_once
):
    worker = start()
    post = publish()
    worker.send(signal.SIGKILL)
    wait_until(lambda: not worker.is_alive())
    left = fanout_of(mongodb, post)
    assert left["state"] == "pending"
    sweep()

    is_everywhere_once(post)


def test_a_worker_process_stopped_past_its_lease(
    start, publish, mongodb, sweep, is_everywhere_once, ringing, crowd
):
    worker = start()
    post = publish()
    worker.send(signal.SIGSTOP)
    stopped = fanout_of(mongodb, post)
    assert stopped["state"] == "pending"
    sweep()
    is_everywhere_once(post)
    worker.send(signal.SIGCONT)
    # It is alive and well: the next post is delivered by it.
    mongodb["timelines"].update_many({}, {"$set": {"floor": post.id + 1}})
    other = ringing.services.posts.publish(crowd.id, Draft(text="Next"))
    wait_until(lambda: fanout_of(mongodb, other)["state"] == "done")
    homes = mongodb["timelines"]
    assert homes.count_documents({"entries": [post.id, other.id]}) == FOLLOWERS + 1


@pytest.mark.parametrize("roles", part([["jobs", "sweeper"], [""]], of=2))
def test_worker_and_sweeper_do_what_was_rung_into_an_empty_queue(
    roles, start, people, follow, say, kwip, rings, mongodb, now, right
):
    """One of each job waits, and no message tells of it."""
    alice, bob, carol = people("alice", "bob", "carol")
    follow(alice, bob)
    say(alice, "Hello")
    kwip.services.relationships.follow(carol, alice.id)
    kwip.services.relationships.unfollow(bob, alice.id)
    rings.waiting.clear()
    mongodb["posts"].update_many({}, {"$set": {"fanout.due_at": now()}})
    for role in roles:
        start(role)
    wait_until(lambda: Oracle(mongodb).waiting() == ([], [], []))

    right()
