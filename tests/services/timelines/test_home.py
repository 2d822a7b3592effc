"""Pages of home are the same whatever is stored, and wherever its border is."""

from __future__ import annotations

import random

import pytest

from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import PageRequest
from kwip.store.timelines.buckets import home_of


@pytest.fixture
def small(monkeypatch):
    """Make slices, buckets and homes small, so that a page crosses them all."""
    for target, value in {
        "kwip.services.reading.slices.CHUNK": 5,
        "kwip.services.reading.slices.TOP": 2,
        "kwip.services.timelines.paging.CHUNK": 5,
        "kwip.services.timelines.sources.CHUNK": 5,
        "kwip.services.timelines.sources.AUTHORS_PER_QUERY": 2,
        "kwip.store.timelines.timelines.SEAL_AT": 8,
        "kwip.domain.timelines.timelines.SEAL_LOOK": 1,
        "kwip.domain.timelines.timelines.KEEP_OPEN": 4,
        "kwip.domain.timelines.timelines.TRIM_TO": 10,
        "kwip.services.delivery.compaction.TRIM_TO": 10,
        "kwip.services.delivery.compaction.TRIM_ABOVE": 20,
    }.items():
        monkeypatch.setattr(target, value)


@pytest.fixture
def world(small, kwip, rings, new_user):
    """Return a reader, and the ids that the reader's home shows, newest first.

    Among 40 posts by five people whom the reader follows, one of them muted, are
    answers to strangers and deleted posts.
    """
    reader, stranger = new_user("reader"), new_user("stranger")
    people = [new_user(f"friend{number}") for number in range(5)]
    services = kwip.services
    for person in people:
        services.relationships.follow(reader, person.id)
    services.relationships.mute(reader, people[4].id)
    rings.run()
    question = services.posts.publish(stranger.id, Draft(text="A question"))
    chance, shown = random.Random(3), []  # noqa: S311 -- the same every time
    for number in range(40):
        author = chance.choice([reader, *people])
        answers = question.id if number % 7 == 0 else None
        post = services.posts.publish(
            author.id, Draft(text=f"Post {number}", in_reply_to_id=answers)
        )
        if number % 3 == 0:
            rings.run()
        if number % 9 == 0:
            services.posts.delete(author, post.id)
        elif author is reader or (author is not people[4] and answers is None):
            shown.append(post.id)
    rings.run()
    return reader, shown[::-1]


def ids_of(kwip, reader, page):
    loader = kwip.services.loaders.begin()
    found = kwip.services.timelines.home(reader, loader, page)
    return [view.post.id for view in found.items], found


def test_every_page_holds_exactly_what_it_should(kwip, world):
    reader, shown = world
    floor = kwip.stores.timelines.find_open(home_of(reader.id)).floor
    assert shown[-1] < floor < shown[3]

    for limit in (1, 3, 7, 40):
        for cursor in [*shown[::6], shown[-1], shown[0] + 1, shown[-1] - 1, floor]:
            below = [i for i in shown if i < cursor]
            above = [i for i in shown if i > cursor]
            for page, wanted in (
                (PageRequest(limit=limit, max_id=cursor), below[:limit]),
                (PageRequest(limit=limit, since_id=cursor), above[:limit]),
                (PageRequest(limit=limit, min_id=cursor), above[-limit:]),
            ):
                assert ids_of(kwip, reader, page)[0] == wanted, page


def test_home_can_be_read_to_its_end_and_back(kwip, world):
    reader, shown = world
    for limit in (1, 4, 40):
        assert downwards(kwip, reader, limit) == shown
        assert upwards(kwip, reader, shown[-1], limit) == shown[:-1]


def downwards(kwip, reader, limit):
    seen, max_id = [], None
    while True:
        ids, page = ids_of(kwip, reader, PageRequest(limit=limit, max_id=max_id))
        assert ids or page.next_max_id is None
        seen += ids
        max_id = page.next_max_id
        if max_id is None:
            return seen


def upwards(kwip, reader, min_id, limit):
    back = []
    while ids := ids_of(kwip, reader, PageRequest(limit=limit, min_id=min_id))[0]:
        back = ids + back
        min_id = ids[0]
    return back


def test_asking_for_what_is_newer_does_not_read_the_whole_home(kwip, world, commands):
    reader, shown = world
    before = len(commands)
    ids_of(kwip, reader, PageRequest(since_id=shown[0] + 1))
    cost = len(commands) - before
    assert ids_of(kwip, reader, PageRequest(since_id=shown[2]))[0] == shown[:2]

    # Relations, one slice, what it holds: nothing that grows with the home.
    assert cost <= 6
