"""Real sweeper processes while MongoDB or their log fails."""

from __future__ import annotations

import pytest

from tests.jobs.oracle import Oracle
from tests.servers import wait_until

#: WriteConflict, Interrupted, and one that no driver knows; KeyNotFound comes for a
#: moment when a member of a replica set is back.
CODES = [112, 11601, 8000, 211]


@pytest.fixture
def overdue(people, say, rings, mongodb, now):
    """Return a post that no message in the queue tells of and that is due."""
    [alice] = people("alice")
    post = say(alice)
    rings.waiting.clear()
    mongodb["posts"].update_many({}, {"$set": {"fanout.due_at": now()}})
    return post


@pytest.fixture
def is_swept(mongodb, overdue, now):
    """Return a function that tells whether the sweeper has enqueued the post."""
    before = now()

    def is_swept():
        found = mongodb["posts"].find_one({"_id": overdue.id})
        return found["fanout"]["due_at"] > before

    return is_swept


@pytest.mark.long
def test_the_sweeper_outlasts_answers_that_nobody_expects(
    start, fail_commands, is_swept
):
    """One process meets all, because each pause after a failure is longer."""
    first, *others = CODES
    fail_commands.begin("find", collection="posts", errorCode=first)
    start("sweeper")
    fail_commands.wait(1)
    for code in others:
        fail_commands.begin("find", collection="posts", errorCode=code)
        fail_commands.wait(1)

    fail_commands.end()

    wait_until(is_swept)


@pytest.mark.long
def test_the_invalidator_outlasts_answers_that_nobody_expects(
    start, fail_commands, mongodb
):
    def place():
        found = mongodb["cache_relay"].find_one()
        return found and found["token"]

    start("sweeper")
    wait_until(place)
    for code in (11601, 8000):
        fail_commands.begin("getMore", collection="$cmd.aggregate", errorCode=code)
        fail_commands.wait(1)
    before = place()

    fail_commands.end()
    mongodb["users"].insert_one({"_id": 1, "schema": 3, "username": "x"})

    wait_until(lambda: place() != before)


def test_a_worker_whose_log_cannot_be_written_does_its_work(
    start, mongodb, overdue, fail_commands
):
    fail_commands.begin("find", collection="follows", errorCode=8000)
    start("", log="/dev/full")
    fail_commands.wait(2)

    fail_commands.end()

    wait_until(lambda: Oracle(mongodb).waiting() == ([], [], []))
