"""Followed hashtags: public posts with one come into home while it is read."""

from __future__ import annotations

import pytest

from kwip.domain.errors import InvalidError
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.lists import ListChange
from tests.wired import home_of


@pytest.fixture
def people(new_user):
    return [new_user(name) for name in ("reader", "bob", "carol")]


@pytest.fixture
def say(kwip, rings):
    def say(author, text, **fields):
        post = kwip.services.posts.publish(author.id, Draft(text=text, **fields))
        rings.run()
        return post

    return say


def test_posts_with_a_followed_hashtag_come_into_home_and_leave_it(kwip, people, say):
    reader, bob, carol = people
    kwip.services.relationships.follow(reader, bob.id)
    for number in range(3):
        say(carol, f"{number} #rye")
        say(bob, f"{number} of bob #rye")
        say(carol, f"{number} of nothing")
    both = [f"{n}{who} #rye" for n in (2, 1, 0) for who in (" of bob", "")]

    kwip.services.followed_tags.follow(reader, "rye")
    assert home_of(kwip, reader) == both
    assert home_of(kwip, reader, limit=1) == both

    kwip.services.followed_tags.unfollow(reader, "rye")
    assert home_of(kwip, reader) == both[::2]


def test_a_post_with_two_followed_hashtags_is_there_once(kwip, people, say):
    reader, bob, _ = people
    for tag in ("rye", "bread"):
        kwip.services.followed_tags.follow(reader, tag)
    say(bob, "#rye #bread")

    assert home_of(kwip, reader) == ["#rye #bread"]


def test_only_what_is_public_and_answers_nobody_else_comes_by_a_hashtag(
    kwip, people, say
):
    reader, bob, carol = people
    kwip.services.followed_tags.follow(reader, "rye")
    root = say(bob, "Root #rye")
    say(bob, "To self #rye", in_reply_to_id=root.id)
    say(carol, "Answer #rye", in_reply_to_id=root.id)
    say(bob, "Unlisted #rye", visibility=Visibility.UNLISTED)
    say(bob, "For followers #rye", visibility=Visibility.FOLLOWERS)
    kwip.services.reposts.repost(carol, root.id)

    assert home_of(kwip, reader) == ["To self #rye", "Root #rye"]


@pytest.mark.parametrize("act", ["mute", "block"])
def test_whom_one_does_not_want_to_see_does_not_come_by_a_hashtag(
    kwip, people, say, act
):
    reader, bob, carol = people
    kwip.services.followed_tags.follow(reader, "rye")
    say(bob, "Of bob #rye")
    say(carol, "Of carol #rye")

    getattr(kwip.services.relationships, act)(reader, bob.id)

    assert home_of(kwip, reader) == ["Of carol #rye"]


def test_who_is_in_an_exclusive_list_does_not_come_by_a_hashtag(
    kwip, rings, people, say
):
    reader, bob, _ = people
    kwip.services.relationships.follow(reader, bob.id)
    kwip.services.followed_tags.follow(reader, "rye")
    say(bob, "Of bob #rye")
    change = ListChange(title="A", is_exclusive=True)
    made = kwip.services.lists.create(reader, change)
    assert home_of(kwip, reader) == ["Of bob #rye"]

    kwip.services.lists.add(reader, made.id, [bob.id])

    assert home_of(kwip, reader) == []


def test_past_thousands_of_hidden_posts_hashtags_are_read_on(
    kwip, people, say, monkeypatch
):
    reader, bob, carol = people
    monkeypatch.setattr("kwip.services.timelines.walk.MAX_LOOKED_AT", 4)
    monkeypatch.setattr("kwip.services.timelines.walk.Walk.__init__.__defaults__", (4,))
    for tag in ("rye", "tea"):
        kwip.services.followed_tags.follow(reader, tag)
    kwip.services.relationships.follow(reader, carol.id)
    root = say(carol, "Carol's")
    say(bob, "Old #rye #tea")
    for number in range(8):
        say(bob, f"{number} #rye", in_reply_to_id=root.id)

    assert home_of(kwip, reader) == ["Old #rye #tea", "Carol's"]


def test_so_many_hashtags_can_be_followed_and_no_more(kwip, people, monkeypatch):
    reader = people[0]
    monkeypatch.setattr("kwip.store.social.followed_tags.MAX_FOLLOWED_TAGS", 2)
    tags = kwip.services.followed_tags
    for tag in ("a", "b", "b"):
        tags.follow(reader, tag)

    with pytest.raises(InvalidError, match="can follow up to"):
        tags.follow(reader, "c")
    tags.follow(reader, "a")
    tags.unfollow(reader, "a")
    tags.follow(reader, "c")

    found = tags.overview(reader, kwip.services.loaders.begin())
    assert [each.name for each in found] == ["b", "c"]
