"""What is remembered of posts for timelines: bounded, and asked for once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.accounts.users import Viewer
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import PageRequest
from kwip.services.reading import slices
from kwip.services.reading.slices import Entries
from tests.wired import sign_up


@pytest.fixture
def ids(kwip):
    alice = sign_up(kwip, "alice")
    return [kwip.services.posts.publish(alice.id, Draft(text="x")).id for _ in range(5)]


def test_an_entry_is_asked_for_once(kwip, commands, ids):
    entries = Entries(kwip.stores.posts)
    first = entries.of(set(ids[:3]))
    asked = len(commands)

    assert entries.of(set(ids[1:3])) == {i: first[i] for i in ids[1:3]}
    assert len(commands) == asked
    assert set(entries.of({*ids, 1})) == set(ids), "what there is not is left out"
    assert len(commands) == asked + 1


def test_only_so_many_are_remembered(kwip, commands, ids, monkeypatch):
    monkeypatch.setattr(slices, "ENTRIES_BYTES", 2 * slices.ENTRY_BYTES)
    entries = Entries(kwip.stores.posts)
    for post_id in ids:
        entries.of({post_id})
    asked = len(commands)

    entries.of(set(ids[-2:]))
    assert len(commands) == asked
    entries.of({ids[0]})
    assert len(commands) == asked + 1


def test_what_was_read_as_a_post_is_known_as_an_entry(kwip, commands, ids):
    entries = Entries(kwip.stores.posts)
    posts = kwip.stores.posts.get_many(ids)
    assert entries.note(posts[ids[0]]) is posts[ids[0]]
    entries.note(replace(posts[ids[1]], is_tombstone=True))
    expected = list(kwip.stores.posts.entries(ids[:1]))
    asked = len(commands)

    assert list(entries.of({ids[0]}).values()) == expected
    assert len(commands) == asked
    entries.of({ids[1]})
    assert len(commands) == asked + 1, "what was deleted says too little"


def test_a_home_asks_for_no_entry_of_a_post_that_was_read(kwip, rings, commands, ids):
    rings.run()
    services, users = kwip.services, kwip.stores.users
    alice = Viewer(id=users.ids_of(["alice"])["alice"], username="alice", digest="")
    for post_id in ids:
        services.posts.get(alice, services.loaders.begin(), post_id)
    before = len(commands)

    page = services.timelines.home(alice, services.loaders.begin(), PageRequest())
    assert [view.post.id for view in page.items] == ids[::-1]
    # What home stores, of which nothing is sealed, and who is pulled.
    assert commands.names[before:].count("find") == 2
