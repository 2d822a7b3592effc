"""Who is told of what, and what the recipient's page makes of it."""

from __future__ import annotations

import pytest

from kwip.domain.pages import PageRequest
from kwip.domain.posts import Draft


@pytest.fixture
def people(new_user):
    """Return a function that signs people up by name."""
    return lambda *names: [new_user(name) for name in names]


@pytest.fixture
def say(kwip, rings):
    """Return a function that publishes and delivers."""

    def say(author, text="Hello", **fields):
        post = kwip.services.posts.publish(author.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


@pytest.fixture
def told(kwip):
    """Return a function that gives what somebody is told, as (kind, by whom, post)."""

    def told(viewer, **page):
        found = kwip.services.notifications.page(
            viewer, kwip.services.readings.begin(), PageRequest(**page)
        )
        return [
            (view.kind.value, view.actor.username, view.post and view.post.post.id)
            for view in found.items
        ]

    return told


def test_a_mention_is_told_to_whom_it_names(people, say, told):
    alice, bob = people("alice", "bob")
    post = say(alice, "Hello @bob and @alice")

    assert told(bob) == [("mention", "alice", post.id)]
    assert told(alice) == []
