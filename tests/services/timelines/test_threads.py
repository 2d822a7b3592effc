"""Conversations are read part by part, and no part costs more than its share."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import PostId
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import PageRequest
from kwip.domain.timelines.threads import FOR_ANYBODY, FOR_VIEWER, ON_PAGE, ThreadPart
from kwip.services.timelines.hydration import Hydration
from tests.conversations import grow

SMALL = ThreadPart(ancestors=2, replies=3)


@pytest.fixture
def root(kwip, alice):
    return kwip.services.posts.publish(alice.id, Draft(text="The beginning")).id


@pytest.fixture
def hydrated(monkeypatch):
    """Return how many entries each call has hydrated."""
    counts, posts = [], Hydration.posts

    def counting(self, viewer, loader, entries, **options):
        counts.append(len(entries))
        return posts(self, viewer, loader, entries, **options)

    monkeypatch.setattr(Hydration, "posts", counting)
    return counts


def read(kwip, post_id, part=ON_PAGE, viewer=None):
    loader = kwip.services.loaders.begin()
    return kwip.services.threads.thread(viewer, loader, post_id, part)


def parts(kwip, post_id, part, viewer=None):
    """Read a thread to its end."""
    found = [read(kwip, post_id, part, viewer)]
    while found[-1].next_after is not None:
        following = replace(part, after=found[-1].next_after)
        found.append(read(kwip, post_id, following, viewer))
    return found


def ids(views):
    return [view.post.id for view in views]


def shuffled(count):
    """Let each of some replies answer any post before it, the same every time."""
    chance = random.Random(7)  # noqa: S311 -- the same every time
    return [chance.randrange(number) for number in range(1, count + 1)]


def test_the_parts_of_a_thread_have_each_reply_once_and_in_reading_order(kwip, root):
    made = grow(kwip.store.database, root, shuffled(40))
    whole = read(kwip, root)
    assert sorted(ids(whole.descendants)) == made[1:]
    assert (whole.is_first, whole.next_after) == (True, None)

    found = parts(kwip, root, SMALL)

    assert [len(part.descendants) for part in found] == [3] * 13 + [1]
    seen = [(i, d) for p in found for i, d in zip(ids(p.descendants), p.depths)]  # noqa: B905 -- as long
    assert seen == list(zip(ids(whole.descendants), whole.depths, strict=True))
    assert [part.is_first for part in found] == [True] + [False] * 13
    assert {part.post.post.id for part in found} == {root}


def test_every_part_shows_the_nearest_ancestors(kwip, root):
    """A chain of five, whose last post is answered five times."""
    made = grow(kwip.store.database, root, [0, 1, 2, 3, *[4] * 5])

    found = parts(kwip, made[4], SMALL)

    assert [ids(part.descendants) for part in found] == [made[5:8], made[8:]]
    for part in found:
        assert (ids(part.ancestors), part.goes_above) == (made[2:4], True)
    third = read(kwip, made[2], SMALL)
    assert (ids(third.ancestors), third.goes_above) == (made[:2], False)


def test_a_thread_of_a_thousand_replies_costs_three_round_trips_and_one_part(
    kwip, root, hydrated, commands
):
    grow(kwip.store.database, root, shuffled(1_000))
    read(kwip, root)
    for part in (ON_PAGE, replace(ON_PAGE, after=read(kwip, root).next_after)):
        read(kwip, root, part)
        hydrated.clear()
        redis, mongodb = kwip.cache.round_trips, len(commands)
        read(kwip, root, part)

        assert (kwip.cache.round_trips - redis, len(commands) - mongodb) == (3, 0)
        assert hydrated == [42]  # the kwip, 40 replies, and whether there are more
    assert sum(len(p.descendants) for p in parts(kwip, root, FOR_VIEWER)) == 1_000


def test_who_is_signed_in_gets_more_at_once_in_as_many_round_trips_as_it_takes(
    kwip, root, alice, hydrated
):
    made = grow(kwip.store.database, root, [*range(250), *[250] * 500])
    read(kwip, made[250], FOR_VIEWER, alice)
    found = {}
    for part, viewer in ((FOR_ANYBODY, None), (FOR_VIEWER, alice)):
        hydrated.clear()
        before = kwip.cache.round_trips
        thread = read(kwip, made[250], part, viewer)
        sizes = len(thread.ancestors), len(thread.descendants)
        found[sizes] = sum(hydrated), kwip.cache.round_trips - before

    # The gate brings the relations along, which cost a round trip here.
    assert found == {(40, 60): (102, 3), (200, 400): (605, 6)}


def test_hidden_replies_end_a_part_and_the_next_goes_on(
    kwip, root, alice, hydrated, monkeypatch
):
    monkeypatch.setattr("kwip.services.timelines.threads.MAX_HIDDEN", 9)
    database = kwip.store.database
    made = grow(database, root, [0] * 60)
    hidden = {"_id": {"$in": made[3:58]}}
    database["posts"].update_many(hidden, {"$set": {"is_tombstone": True}})
    seen, part = [], SMALL
    while True:
        hydrated.clear()
        thread = read(kwip, root, part)
        seen.append(ids(thread.descendants))
        assert sum(hydrated) <= 1 + 3 + 9
        if thread.next_after is None:
            break
        part = replace(part, after=thread.next_after)

    assert [post_id for part in seen for post_id in part] == [*made[1:3], *made[58:]]
    assert seen.count([]) == 3
    assert sum(part.hidden for part in parts(kwip, root, SMALL)) == 55


def test_a_widget_has_the_same_in_one_line(kwip, root, alice):
    made = grow(kwip.store.database, root, [0, 1, *[2] * 90])
    before, seen = None, []
    while True:
        page = kwip.services.widgets.thread(
            kwip.services.loaders.begin(),
            made[2],
            PageRequest(limit=40, max_id=before),
        )
        seen.append(ids(page.items))
        before = page.next_max_id
        if before is None:
            break

    assert [len(each) for each in seen] == [40, 40, 13]
    assert [post_id for each in seen for post_id in each] == made


def test_a_part_begins_behind_a_reply_of_the_thread(kwip, root, alice):
    made = grow(kwip.store.database, root, [0, 0])
    other = kwip.services.posts.publish(alice.id, Draft(text="Another")).id
    for after in (other, root, PostId(1)):
        with pytest.raises(InvalidError) as wrong:
            read(kwip, root, replace(ON_PAGE, after=after))
        assert wrong.value.fields == {"after": "It's not in this thread."}
    assert read(kwip, root, replace(ON_PAGE, after=made[2])).descendants == ()


def test_what_comes_after_very_many_is_read_alone(kwip, root, monkeypatch):
    for module in ("services.reading.post_entities", "services.timelines.threads"):
        monkeypatch.setattr(f"kwip.{module}.MAX_THREAD", 5)
    made = grow(kwip.store.database, root, [0] * 8)
    whole, late = read(kwip, root), read(kwip, made[8])

    assert (ids(whole.descendants), whole.is_cut) == (made[1:5], True)
    assert (late.post.post.id, ids(late.ancestors)) == (made[8], [root])
    assert (late.descendants, late.is_cut) == ((), True)


def test_who_may_not_see_the_post_is_shown_nothing_of_its_thread(
    kwip, root, alice, new_user
):
    grow(kwip.store.database, root, [0] * 3)
    blocked = new_user("bob")
    kwip.services.relationships.block(alice, blocked.id)
    with pytest.raises(NotFoundError):
        read(kwip, root, viewer=blocked)
