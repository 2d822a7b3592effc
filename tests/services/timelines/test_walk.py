"""However much is hidden, one request looks at no more than its share."""

from __future__ import annotations

import pytest

from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.pushdown import Kinds
from kwip.services.timelines import walk

MOST = 12


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


def read_user(kwip, viewer, author, **wanted):
    def read(page):
        loader = kwip.services.loaders.begin()
        return kwip.services.timelines.user(viewer, loader, author.id, page, **wanted)

    return read


def read_home(kwip, viewer):
    def read(page):
        return kwip.services.timelines.home(viewer, kwip.services.loaders.begin(), page)

    return read


def read_public(kwip, viewer):
    def read(page):
        return kwip.services.timelines.public(
            viewer, kwip.services.loaders.begin(), page
        )

    return read


def read_tag(kwip, viewer, tag):
    def read(page):
        return kwip.services.timelines.tag(
            viewer, kwip.services.loaders.begin(), tag, page
        )

    return read


def read_widget(kwip):
    return lambda page: kwip.services.widgets.public(
        kwip.services.loaders.begin(), page
    )


def assert_finds(read, wanted):
    """No page is empty with a next one, and neither direction ends too early."""
    found = pages(read)
    assert [post_id for page in found for post_id in page] == wanted
    assert all(found[:-1])
    back, min_id = [], 0
    while items := read(PageRequest(limit=3, min_id=min_id)).items:
        back = [*(view.post.id for view in items), *back]
        min_id = back[0]
    assert back == wanted


def test_followers_posts_do_not_end_the_page_of_a_visitor(kwip, alice, bob):
    [first] = say(kwip, alice, 1)
    say(kwip, alice, 30, visibility=Visibility.FOLLOWERS)
    [last] = say(kwip, alice, 1)
    say(kwip, alice, 30, visibility=Visibility.DIRECT)

    for visitor in (None, bob):
        assert_finds(read_user(kwip, visitor, alice), [last, first])


def test_a_hashtag_that_an_author_never_used_is_an_empty_page(kwip, alice):
    say(kwip, alice, 30)
    tagged = kwip.services.posts.publish(alice.id, Draft(text="#tea")).id
    say(kwip, alice, 30)

    assert pages(read_user(kwip, None, alice, tag="zzz")) == [[]]
    assert_finds(read_user(kwip, None, alice, tag="tea"), [tagged])


def test_replies_and_reposts_that_nobody_asked_for_end_nothing(kwip, alice, bob):
    [root] = say(kwip, bob, 1)
    [own] = say(kwip, alice, 1)
    say(kwip, alice, 15, in_reply_to_id=root)
    for post_id in say(kwip, bob, 15):
        kwip.services.reposts.repost(alice, post_id)

    kinds = Kinds(replies=False, reposts=False)
    assert_finds(read_user(kwip, None, alice, kinds=kinds), [own])
    assert_finds(read_user(kwip, alice, alice, kinds=kinds), [own])


def test_muted_people_do_not_end_home(kwip, rings, alice, bob, new_user):
    reader = new_user("reader")
    for friend in (alice, bob):
        kwip.services.relationships.follow(reader, friend.id)
    rings.run()
    first = say(kwip, alice, 2)
    [question] = say(kwip, new_user("stranger"), 1)
    say(kwip, bob, 30)
    say(kwip, alice, 20, in_reply_to_id=question)
    rings.run()
    kwip.services.relationships.mute(reader, bob.id)

    assert_finds(read_home(kwip, reader), first[::-1])


def test_suspended_people_do_not_end_home(kwip, rings, alice, bob, new_user):
    reader = new_user("reader")
    for friend in (alice, bob):
        kwip.services.relationships.follow(reader, friend.id)
    rings.run()
    first = say(kwip, alice, 2)
    say(kwip, bob, 80)
    rings.run()
    kwip.services.moderation.suspend(bob.id)

    assert_finds(read_home(kwip, reader), first[::-1])


def test_hidden_people_do_not_end_public_and_tags(kwip, alice, bob, new_user):
    first = [
        kwip.services.posts.publish(alice.id, Draft(text=f"#tea {n}")).id
        for n in range(2)
    ]
    for n in range(40):
        kwip.services.posts.publish(bob.id, Draft(text=f"#tea {n}"))
    reader = new_user("reader")
    kwip.services.relationships.mute(reader, bob.id)

    assert_finds(read_public(kwip, reader), first[::-1])
    assert_finds(read_tag(kwip, reader, "tea"), first[::-1])
    kwip.services.moderation.suspend(bob.id)
    assert_finds(read_public(kwip, None), first[::-1])
    assert_finds(read_widget(kwip), first[::-1])


def test_where_nothing_else_is_left_the_page_is_the_last(kwip, alice, bob):
    say(kwip, alice, 40)
    kwip.services.relationships.mute(bob, alice.id)

    assert pages(read_public(kwip, bob)) == [[]]
    assert pages(read_home(kwip, bob)) == [[]]


def test_who_is_blocked_is_shown_nothing_and_walked_past_nothing(kwip, alice, bob):
    say(kwip, alice, 30)
    kwip.services.relationships.block(alice, bob.id)
    loader = kwip.services.loaders.begin()
    page = kwip.services.timelines.user(bob, loader, alice.id, PageRequest())

    assert (page.items, page.next_max_id) == ((), None)


def test_favourites_of_deleted_posts_are_passed_over_bit_by_bit(kwip, alice, bob):
    made = say(kwip, alice, 31)
    for post_id in made:
        kwip.services.reactions.favourite(bob, post_id)
    for post_id in made[1:]:
        kwip.services.posts.delete(alice, post_id)

    def read(page):
        loader = kwip.services.loaders.begin()
        return kwip.services.id_lists.posts(bob, loader, "favourites", page)

    found = pages(read)
    assert [post_id for page in found for post_id in page] == made[:1]
    assert len(found) == 3


def test_one_sees_in_ones_own_lists_also_who_blocks_back(kwip, alice, bob):
    kwip.services.relationships.block(alice, bob.id)
    kwip.services.relationships.block(bob, alice.id)
    loader = kwip.services.loaders.begin()
    page = kwip.services.people.blocked(alice, loader, PageRequest())

    assert [view.user.id for view in page.items] == [bob.id]


def test_upwards_from_nothing_begins_with_the_oldest(kwip, alice, bob):
    made = say(kwip, alice, 3)
    for post_id in made:
        kwip.services.reactions.favourite(bob, post_id)
    loader = kwip.services.loaders.begin()
    page = PageRequest(limit=2, min_id=0)
    found = kwip.services.id_lists.posts(bob, loader, "favourites", page)

    assert [view.post.id for view in found.items] == [made[1], made[0]]
