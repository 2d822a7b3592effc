"""What is remembered of posts for timelines: bounded, and asked for once."""

from __future__ import annotations

import pytest

from kwip.domain.posts import Draft
from kwip.services import skeletons
from kwip.services.skeletons import Entries
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
    monkeypatch.setattr(skeletons, "MOST_ENTRIES", 2)
    entries = Entries(kwip.stores.posts)
    for post_id in ids:
        entries.of({post_id})
    asked = len(commands)

    entries.of(set(ids[-2:]))
    assert len(commands) == asked
    entries.of({ids[0]})
    assert len(commands) == asked + 1
