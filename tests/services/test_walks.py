"""However much is hidden, one request looks at no more than its share."""

from __future__ import annotations

import pytest

from kwip.domain.pages import PageRequest
from kwip.domain.posts import Draft, Visibility
from kwip.services import walk
from kwip.services.timelines import Kinds

MOST = 12


@pytest.fixture
def alice(new_user):
    return new_user("alice")


@pytest.fixture
def bob(new_user):
    return new_user("bob")


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(walk.Walk.__init__, "__defaults__", (MOST,))


def say(kwip, author, count, **fields):
    return [
        kwip.services.posts.publish(author.id, Draft(text=f"{n}", **fields)).id
        for n in range(count)
    ]


def pages(read):
    """Read to the end; give what each page holds."""
    found, max_id = [], None
    while True:
        page = read(PageRequest(limit=3, max_id=max_id))
        found.append([view.post.id for view in page.items])
        max_id = page.next_max_id
        if max_id is None:
            return found


def test_a_timeline_of_hidden_posts_is_read_on_from_where_it_was_cut(kwip, alice):
    [first] = say(kwip, alice, 1)
    say(kwip, alice, 30, visibility=Visibility.FOLLOWERS)

    def read(page):
        reading = kwip.services.readings.begin()
        return kwip.services.timelines.user(None, reading, alice.id, page)

    found = pages(read)
    assert [post_id for page in found for post_id in page] == [first]
    assert len(found) == 3


def test_a_hashtag_that_an_author_never_used_is_looked_for_bit_by_bit(kwip, alice):
    say(kwip, alice, 30)

    def read(page):
        reading = kwip.services.readings.begin()
        return kwip.services.timelines.user(None, reading, alice.id, page, tag="zzz")

    assert pages(read) == [[], [], []]


def test_replies_that_nobody_asked_for_count_as_looked_at(kwip, alice, bob):
    [root] = say(kwip, bob, 1)
    [own] = say(kwip, alice, 1)
    say(kwip, alice, 30, in_reply_to_id=root)

    def read(page):
        reading = kwip.services.readings.begin()
        return kwip.services.timelines.user(
            None, reading, alice.id, page, kinds=Kinds(replies=False)
        )

    found = pages(read)
    assert [post_id for page in found for post_id in page] == [own]
    assert len(found) == 3


def test_who_is_blocked_is_shown_nothing_and_walked_past_nothing(kwip, alice, bob):
    say(kwip, alice, 30)
    kwip.services.relationships.block(alice, bob.id)
    reading = kwip.services.readings.begin()
    page = kwip.services.timelines.user(bob, reading, alice.id, PageRequest())

    assert (page.items, page.next_max_id) == ((), None)


def test_favourites_of_deleted_posts_are_passed_over_bit_by_bit(kwip, alice, bob):
    made = say(kwip, alice, 31)
    for post_id in made:
        kwip.services.reactions.favourite(bob, post_id)
    for post_id in made[1:]:
        kwip.services.posts.delete(alice, post_id)

    def read(page):
        reading = kwip.services.readings.begin()
        return kwip.services.rolls.posts(bob, reading, "favourites", page)

    found = pages(read)
    assert [post_id for page in found for post_id in page] == made[:1]
    assert len(found) == 3


def test_one_sees_in_ones_own_lists_also_who_blocks_back(kwip, alice, bob):
    kwip.services.relationships.block(alice, bob.id)
    kwip.services.relationships.block(bob, alice.id)
    reading = kwip.services.readings.begin()
    page = kwip.services.people.blocked(alice, reading, PageRequest())

    assert [view.user.id for view in page.items] == [bob.id]


def test_upwards_from_nothing_begins_with_the_oldest(kwip, alice, bob):
    made = say(kwip, alice, 3)
    for post_id in made:
        kwip.services.reactions.favourite(bob, post_id)
    reading = kwip.services.readings.begin()
    page = PageRequest(limit=2, min_id=0)
    found = kwip.services.rolls.posts(bob, reading, "favourites", page)

    assert [view.post.id for view in found.items] == [made[1], made[0]]
