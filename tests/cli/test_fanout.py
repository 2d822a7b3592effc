from __future__ import annotations

import pytest

from kwip.domain.clock import at, system_clock_ms
from kwip.domain.posting.posts import Draft


@pytest.fixture
def alice(kwip, wiring):
    kwip("users", "create", "alice", "--email", "a@example.org", stdin="correct horse")
    return wiring.stores.users.ids_of(["alice"])["alice"]


@pytest.fixture
def waiting(wiring, alice):
    """Return a post that waits for its delivery."""
    return wiring.services.posts.publish(alice, Draft(text="hello")).id


@pytest.fixture
def dead(wiring, waiting):
    """Return a post that was given up."""
    lease = wiring.services.fanout.begin(waiting)
    wiring.outbox.give_up(lease, "dead", at(system_clock_ms()))
    return waiting


def test_stats_of_an_empty_outbox_are_zeros(kwip):
    run = kwip("fanout", "stats", "--json")

    assert (run.code, run.json) == (
        0,
        {
            "pending": 0,
            "oldest_pending_s": 0.0,
            "dead": 0,
            "edges_waiting": 0,
            "mails_waiting": 0,
            "mails_dead": 0,
        },
    )


def test_stats_count_what_waits(kwip, waiting):
    found = kwip("fanout", "stats", "--json").json

    assert (found["pending"], found["dead"]) == (1, 0)
    assert 0 < found["oldest_pending_s"] < 60


def test_stats_count_what_was_given_up(kwip, dead):
    found = kwip("fanout", "stats", "--json").json

    assert (found["pending"], found["dead"]) == (0, 1)


def test_stats_count_follows_that_wait(kwip, alice):
    kwip("users", "create", "bob", "--email", "b@example.org", stdin="correct horse")
    kwip("users", "follow", "bob", "alice")

    assert kwip("fanout", "stats", "--json").json["edges_waiting"] == 1


def test_pending_lists_posts_with_their_authors(kwip, waiting, alice):
    [row] = kwip("fanout", "pending", "--json").json["posts"]

    assert (row["id"], row["author_id"]) == (str(waiting), str(alice))
    assert row["attempts"] == 0


def test_pending_lists_what_was_given_up_when_asked(kwip, dead):
    assert kwip("fanout", "pending", "--json").json == {"posts": []}
    [row] = kwip("fanout", "pending", "--dead", "--json").json["posts"]

    assert (row["id"], row["attempts"]) == (str(dead), 1)


def test_pending_lists_no_more_than_asked_for(kwip, wiring, alice, waiting):
    wiring.services.posts.publish(alice, Draft(text="again"))

    assert len(kwip("fanout", "pending", "--limit", 1, "--json").json["posts"]) == 1


@pytest.mark.parametrize("which", [["--all"], []])
def test_replay_makes_a_dead_letter_pending(kwip, wiring, dead, which):
    run = kwip("fanout", "replay", *(which or [dead]), "--json")

    assert (run.code, run.json) == (0, {"replayed": 1})
    assert wiring.outbox.dead_count() == 0
    lease = wiring.services.fanout.begin(dead)
    assert wiring.services.fanout.deliver(lease) == 0  # the author had it at once


def test_replay_leaves_posts_alone_that_were_not_given_up(kwip, waiting):
    run = kwip("fanout", "replay", waiting, "--json")

    assert (run.code, run.json) == (0, {"replayed": 0})


@pytest.mark.parametrize("arguments", [["--all", "1"], []])
def test_replay_wants_either_posts_or_all(kwip, arguments):
    run = kwip("fanout", "replay", *arguments)

    assert (run.code, run.err) == (2, "kwip: Specify POST_ID, or use --all.\n")


def test_replay_refuses_a_post_that_does_not_exist(kwip, dead):
    run = kwip("fanout", "replay", dead, "5", "7")

    assert (run.code, run.err) == (2, "kwip: There is no post 5, 7.\n")
    assert kwip("fanout", "stats", "--json").json["dead"] == 1


def test_replay_refuses_what_is_no_id(kwip):
    run = kwip("fanout", "replay", "first")

    assert (run.code, run.err) == (2, "kwip: first is not a valid post id.\n")


def test_a_person_can_read_all_of_it(kwip, dead):
    assert "1 dead letter (`kwip fanout replay`)" in kwip("fanout", "stats").out
    assert str(dead) in kwip("fanout", "pending", "--dead").out
    assert kwip("fanout", "replay", dead).out == "1 delivery queued for retry\n"


def test_pending_says_that_nothing_waits(kwip):
    assert kwip("fanout", "pending").out == "Nothing is waiting\n"
    assert kwip("fanout", "pending", "--dead").out == "No dead letters\n"
