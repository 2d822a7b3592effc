"""Lists are exactly right in the end, whoever dies between two steps, and when.

No test here answers anybody, for which answers a list shows is said elsewhere.
"""

from __future__ import annotations

from contextlib import suppress

import pytest

from kwip.domain.errors import NotFoundError
from kwip.domain.timelines.lists import ListChange


@pytest.fixture(autouse=True)
def _small(small, monkeypatch):
    monkeypatch.setattr("kwip.services.delivery.list_fanout.LISTS_AT_ONCE", 1)


@pytest.fixture
def listed(kwip, rings):
    """Return a function that makes a list with people in it, all that comes of it."""

    def listed(owner, *members):
        made = kwip.services.lists.create(owner, ListChange(title="A list"))
        if members:
            kwip.services.lists.add(owner, made.id, [m.id for m in members])
        rings.run()
        return made.id

    return listed


@pytest.fixture
def crowd(people, follow, say, rings):
    """Return somebody who follows two others, and both, who have written a little."""
    bob, alice, dave = people(*"bad")
    for each in (alice, dave):
        follow(each, bob)
    for number in range(2):
        for each in (alice, dave):
            say(each, f"{number}")
        say(alice, f"@b {number}", visibility="direct")
        rings.run()
    return bob, alice, dave


def test_a_delivery_into_lists(crowd, listed, say, rings, killed_at_each_step):
    """Into two lists, through a seal."""
    bob, alice, dave = crowd
    for members in ([alice, dave], [alice]):
        listed(bob, *members)
    say(alice, "New")
    say(alice, "Newer")

    killed_at_each_step(rings.run, steps_at_least=12)


@pytest.mark.parametrize("change", ["add", "remove"])
def test_what_a_change_leaves_to_do(
    kwip, crowd, listed, rings, killed_at_each_step, change
):
    bob, alice, dave = crowd
    list_id = listed(bob, *([alice, dave] if change == "remove" else [dave]))
    getattr(kwip.services.lists, change)(bob, list_id, [alice.id])

    killed_at_each_step(rings.run, steps_at_least=6)


@pytest.mark.parametrize("change", ["add", "remove", "delete", "unfollow"])
def test_a_change_itself(kwip, crowd, listed, killed_at_each_step, change):
    bob, alice, dave = crowd
    lists = [listed(bob, dave), listed(bob, *([] if change == "add" else [alice]))]

    def work():
        services = kwip.services
        if change in {"add", "remove"}:
            getattr(services.lists, change)(bob, lists[1], [alice.id])
        elif change == "delete":
            with suppress(NotFoundError):
                services.lists.delete(bob, lists[1])
        else:
            getattr(services.relationships, change)(bob, alice.id)

    killed_at_each_step(work, work, steps_at_least=2)


def test_the_removal_of_what_is_left_of_a_list(
    kwip, crowd, listed, rings, killed_at_each_step
):
    bob, alice, dave = crowd
    kwip.services.lists.delete(bob, listed(bob, alice, dave))

    killed_at_each_step(rings.run, steps_at_least=4)


def test_a_delivery_while_its_author_is_added(
    kwip, crowd, listed, say, rings, interrupted_at_each_step
):
    bob, alice, dave = crowd
    list_id = listed(bob, dave)
    say(alice, "New")

    def meanwhile():
        kwip.services.lists.add(bob, list_id, [alice.id])
        rings.run()

    interrupted_at_each_step(rings.run, meanwhile, steps_at_least=12)
