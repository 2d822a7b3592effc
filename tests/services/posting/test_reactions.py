from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.domain.accounts.users import Viewer
from kwip.domain.errors import GoneError, NotFoundError
from kwip.domain.posting.posts import Draft, Visibility
from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def reactions(kwip):
    return kwip.services.reactions


@pytest.fixture
def post(kwip, alice):
    return kwip.services.posts.publish(alice.id, Draft(text="Hello"))


def read(kwip, viewer, post_id):
    return kwip.services.posts.get(viewer, kwip.services.loaders.begin(), post_id)


def id_list(kwip, viewer, name, **page):
    loader = kwip.services.loaders.begin()
    return kwip.services.id_lists.posts(viewer, loader, name, PageRequest(**page))


def people_who(kwip, viewer, name, post_id):
    loader = kwip.services.loaders.begin()
    page = kwip.services.people.reacted(viewer, loader, post_id, name, PageRequest())
    return [view.user.id for view in page.items]


def test_a_favourite_is_the_viewers_own_and_is_counted_once(
    kwip, reactions, post, alice, bob
):
    for _ in range(2):
        view = reactions.favourite(bob, post.id)

        assert view.is_favourited
        assert view.post.favourites_count == 1
    assert not read(kwip, alice, post.id).is_favourited
    assert people_who(kwip, alice, "favourited_by", post.id) == [bob.id]


def test_a_favourite_that_is_taken_back_leaves_nothing(kwip, reactions, post, bob):
    reactions.favourite(bob, post.id)
    for _ in range(2):
        view = reactions.unfavourite(bob, post.id)

        assert not view.is_favourited
        assert view.post.favourites_count == 0
    assert id_list(kwip, bob, "favourites").items == ()
    assert people_who(kwip, bob, "favourited_by", post.id) == []


def test_parallel_favourites_of_many_are_all_counted(
    kwip, reactions, post, bob, mongodb
):
    fans = [Viewer(id=bob.id + n, username=f"n{n}", digest="") for n in range(20)]
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(lambda v: reactions.favourite(v, post.id), fans * 2))

    assert read(kwip, bob, post.id).post.favourites_count == len(fans)
    assert mongodb["reactions"].count_documents({}) == len(fans)


def test_a_bookmark_is_seen_by_nobody_else(kwip, reactions, post, alice, bob):
    assert reactions.bookmark(bob, post.id).is_bookmarked
    assert not read(kwip, alice, post.id).is_bookmarked
    assert [v.post.id for v in id_list(kwip, bob, "bookmarks").items] == [post.id]
    assert id_list(kwip, alice, "bookmarks").items == ()
    assert not reactions.unbookmark(bob, post.id).is_bookmarked
    assert id_list(kwip, bob, "bookmarks").items == ()


def test_what_one_may_not_see_one_cannot_favourite(kwip, reactions, alice, bob):
    draft = Draft(text="Psst", visibility=Visibility.DIRECT)
    secret = kwip.services.posts.publish(alice.id, draft)
    for act in (reactions.favourite, reactions.bookmark, reactions.unfavourite):
        with pytest.raises(NotFoundError):
            act(bob, secret.id)

    assert reactions.favourite(alice, secret.id).is_favourited


def test_a_deleted_post_cannot_be_favourited_and_leaves_the_list(
    kwip, reactions, post, alice, bob
):
    reactions.favourite(bob, post.id)
    kwip.services.posts.delete(alice, post.id)

    with pytest.raises(GoneError):
        reactions.favourite(bob, post.id)
    assert id_list(kwip, bob, "favourites").items == ()


def test_a_favourite_of_a_repost_is_of_what_it_reposts(
    kwip, reactions, post, alice, bob
):
    repost = kwip.services.reposts.repost(bob, post.id)
    view = reactions.favourite(alice, repost.post.id)

    assert view.post.id == post.id
    assert read(kwip, alice, repost.post.id).shown.is_favourited


def test_a_long_roll_is_read_to_its_end_and_back_again(kwip, reactions, alice, bob):
    made = [
        kwip.services.posts.publish(alice.id, Draft(text=f"{n}")).id for n in range(9)
    ]
    acted = [made[i] for i in (3, 1, 4, 0, 5, 8, 2, 6)]
    for post_id in acted:
        reactions.favourite(bob, post_id)
    kwip.services.posts.delete(alice, made[5])
    expected = [i for i in reversed(acted) if i != made[5]]
    pages, max_id = [], None
    while True:
        page = id_list(kwip, bob, "favourites", limit=3, max_id=max_id)
        pages.append(page)
        max_id = page.next_max_id
        if max_id is None:
            break

    assert [v.post.id for page in pages for v in page.items] == expected
    back = id_list(kwip, bob, "favourites", limit=3, min_id=pages[1].prev_min_id)
    assert [v.post.id for v in back.items] == expected[:3]
    newer = id_list(kwip, bob, "favourites", since_id=pages[0].prev_min_id)
    assert newer.items == ()
