"""Reposts of one post collapse alike on every page of home and of a user."""

from __future__ import annotations

import random

import pytest

from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import PageRequest


@pytest.fixture
def narrow(monkeypatch):
    """Let a window be small, and slices and rounds smaller than a page."""
    for target, value in {
        "kwip.domain.timelines.collapse.WINDOW": 6,
        "kwip.services.timelines.paging.REACH": 5,
        "kwip.services.reading.slices.CHUNK": 7,
        "kwip.services.reading.slices.TOP": 2,
        "kwip.services.timelines.paging.CHUNK": 7,
        "kwip.services.timelines.sources.CHUNK": 7,
        "kwip.store.timelines.timelines.SEAL_AT": 8,
        "kwip.domain.timelines.timelines.SEAL_LOOK": 1,
        "kwip.domain.timelines.timelines.KEEP_OPEN": 4,
    }.items():
        monkeypatch.setattr(target, value)


def subject(view):
    return view.shown.post.id


def collapsed(entries, window):
    """Work out what is left of (id, subject, is visible), newest first."""
    return [
        post_id
        for place, (post_id, shown, visible) in enumerate(entries)
        if visible
        and not any(
            (other, True) == (shown, True) and seen
            for _, other, seen in entries[max(0, place - window + 1) : place]
        )
    ]


@pytest.fixture
def world(narrow, kwip, rings, new_user, once):
    """Return a reader, and (id, subject, is visible) of home's entries."""

    def make():
        return make_world(kwip.services, rings, new_user)

    return once(make)


def make_world(services, rings, new_user):
    reader = new_user("reader")
    friends = [new_user(f"friend{n}") for n in range(4)]
    for friend in friends:
        services.relationships.follow(reader, friend.id)
    rings.run()
    chance = random.Random(5)  # noqa: S311 -- the same every time
    made, entries, author_of = [], [], {}
    for n in range(60):
        who = chance.choice([reader, *friends])
        if made and chance.random() < 0.6:
            original = chance.choice(made[-4:])
            view = services.reposts.repost(who, original)
            row = (view.post.id, original)
        else:
            post = services.posts.publish(who.id, Draft(text=f"Kwip {n}"))
            made.append(post.id)
            row = (post.id, post.id)
        author_of[row[0]] = who
        if row not in entries:
            entries.append(row)
        rings.run()
    deleted = {post_id for post_id, _ in entries[::7]}
    for post_id in sorted(deleted):
        services.posts.delete(author_of[post_id], post_id)
    rings.run()
    shown = [
        (i, of, i not in deleted and of not in deleted) for i, of in reversed(entries)
    ]
    return reader, shown


def read_down(kwip, reader, limit):
    seen, max_id = [], None
    while True:
        page = kwip.services.timelines.home(
            reader,
            kwip.services.loaders.begin(),
            PageRequest(limit=limit, max_id=max_id),
        )
        seen += [view.post.id for view in page.items]
        max_id = page.next_max_id
        if max_id is None:
            return seen


def read_up(kwip, reader, limit):
    seen, min_id = [], 0
    while True:
        page = kwip.services.timelines.home(
            reader,
            kwip.services.loaders.begin(),
            PageRequest(limit=limit, min_id=min_id),
        )
        if not page.items:
            return seen
        seen = [*[view.post.id for view in page.items], *seen]
        min_id = page.prev_min_id


@pytest.mark.parametrize("limit", [1, 2, 5, 9, 40])
def test_pages_of_any_size_and_direction_collapse_alike(kwip, world, limit):
    reader, entries = world
    wanted = collapsed(entries, window=6)
    assert len(wanted) < sum(visible for _, _, visible in entries)

    assert read_down(kwip, reader, limit) == wanted
    assert read_up(kwip, reader, limit) == wanted


def test_ones_own_repost_stands_in_the_place_of_the_original(kwip, rings, new_user):
    alice, bob = new_user("alice"), new_user("bob")
    kwip.services.relationships.follow(alice, bob.id)
    rings.run()
    post = kwip.services.posts.publish(bob.id, Draft(text="Tea?"))
    rings.run()
    kwip.services.reposts.repost(alice, post.id)
    page = kwip.services.timelines.home(
        alice, kwip.services.loaders.begin(), PageRequest()
    )

    assert [(view.author.username, subject(view)) for view in page.items] == [
        ("alice", post.id)
    ]
    kwip.services.reposts.unrepost(alice, post.id)
    page = kwip.services.timelines.home(
        alice, kwip.services.loaders.begin(), PageRequest()
    )
    assert [view.author.username for view in page.items] == ["bob"]


def test_an_own_repost_of_an_own_post_collapses_in_the_profile(kwip, new_user):
    alice = new_user("alice")
    post = kwip.services.posts.publish(alice.id, Draft(text="Tea"))
    kwip.services.reposts.repost(alice, post.id)
    page = kwip.services.timelines.user(
        None, kwip.services.loaders.begin(), alice.id, PageRequest()
    )

    assert [subject(view) for view in page.items] == [post.id]
    assert page.items[0].reposted is not None
