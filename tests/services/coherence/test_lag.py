"""What may lag behind a burst of writes, for how long, and what may not."""

from __future__ import annotations

import pytest

from kwip.cache.keys import Debounced
from kwip.domain.clock import at
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.timelines.pages import PageRequest
from kwip.services.coherence.change_stream_keys import concerned
from kwip.store.changes import Change
from tests.servers import wait_until

#: Twice the pace: a count may be so old, however many write.
COUNT_LAG_S = 2.0
ARRIVAL_LAG_S = 0.5


@pytest.fixture(autouse=True)
def nothing_lags():
    """Let lag what may."""


@pytest.fixture
def people(new_user):
    return [new_user(f"person{number}") for number in range(4)]


@pytest.fixture
def say(kwip):
    def post(viewer, text):
        return kwip.services.posts.publish(viewer.id, Draft(text=text))

    return post


def _seen(kwip, viewer, post):
    view = kwip.services.posts.get(viewer, kwip.services.loaders.begin(), post.id)
    return view.post.favourites_count, view.is_favourited


def _public(kwip):
    loader = kwip.services.loaders.begin()
    page = kwip.services.timelines.public(None, loader, PageRequest())
    return [view.post.text for view in page.items]


def test_the_own_flag_is_exact_and_the_count_follows(kwip, people, say):
    author, *others = people
    post = say(author, "liked")
    for number, viewer in enumerate(others, start=1):
        kwip.services.reactions.favourite(viewer, post.id)

        count, is_favourited = _seen(kwip, viewer, post)
        assert is_favourited
        assert count <= number

    wait_until(
        lambda: _seen(kwip, author, post)[0] == len(others), within_s=COUNT_LAG_S
    )


def test_an_edit_is_exact_while_counts_lag(kwip, people, say):
    author, fan, other, _ = people
    post = say(author, "before")
    for viewer in (fan, other):
        kwip.services.reactions.favourite(viewer, post.id)
        assert _seen(kwip, viewer, post)

    kwip.services.posts.edit(author, post.id, Edit(text="after"))

    view = kwip.services.posts.get(fan, kwip.services.loaders.begin(), post.id)
    assert view.post.text == "after"


def test_a_burst_arrives_in_public_soon_and_a_deletion_at_once(kwip, people, say):
    author = people[0]
    for number in range(3):
        last = say(author, f"post {number}")
        shown = _public(kwip)

    assert shown, "the first is there at once"
    wait_until(lambda: _public(kwip)[0] == "post 2", within_s=ARRIVAL_LAG_S)
    kwip.services.posts.delete(author, last.id)
    assert _public(kwip)[0] == "post 1"


def test_who_repeats_an_invalidation_after_the_writer_takes_nothing_from_the_writer():
    written = {
        "author_id": 1,
        "in_reply_to_id": None,
        "root_id": 5,
        "repost_of_id": None,
        "is_listed": True,
        "tags": ["tea"],
    }
    change = Change("posts", 5, "insert", frozenset(), written, at(0))

    debounced = [key for key in concerned(change) if isinstance(key, Debounced)]

    assert {key.key for key in debounced} >= {"public", "tag:tea", "user:1"}
    assert {key.writer_id for key in debounced} == {None}
