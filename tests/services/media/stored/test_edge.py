"""What changes is forgotten by a CDN that keeps widgets, whoever changed it."""

from __future__ import annotations

import json

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.errors import NotFoundError
from kwip.domain.posting.posts import Draft, Edit
from kwip.domain.timelines.lists import ListChange
from kwip.services.media.stored.cdn import Edge
from tests.servers import settings_in
from tests.services.media.stored.test_purges import _silent, cdn, pass_time

__all__ = ["_silent", "cdn"]


@pytest.fixture
def settings(tmp_path, cdn):
    hook = cdn.origin.replace("//", "//:token@") + "/hook"
    return settings_in(tmp_path / "home", KWIP_WIDGETS_PURGE_URI=hook)


@pytest.fixture
def told(kwip, cdn, rings):
    """Return a function that lets time pass and gives the keys that were sent."""

    def told():
        pass_time(kwip)
        kwip.sweeper.sweep()
        rings.run()
        sent = [json.loads(body)["tags"] for *_, body in cdn.asked]
        cdn.asked.clear()
        return sorted(key for keys in sent for key in keys if key != "many")

    return told


def test_a_cdn_forgets_what_was_edited_deleted_or_hidden(kwip, alice, bob, told, cdn):
    services = kwip.services
    said = services.posts.publish(alice.id, Draft(text="hello"))
    quoting = services.posts.publish(bob.id, Draft(text="look", quote_of_id=said.id))
    services.reposts.repost(bob, said.id)
    services.reactions.favourite(bob, said.id)
    assert told() == []

    services.posts.edit(alice, said.id, Edit(text="hello again"))
    assert told() == [f"post:{said.id}"]
    services.users.update_profile(bob, ProfileChange(shows_favourites=True))
    told()
    services.reactions.unfavourite(bob, said.id)
    assert told() == [f"favourites:{bob.id}"]
    services.quotes.revoke(alice, said.id, quoting.id)
    assert told() == [f"post:{quoting.id}"]
    services.reposts.unrepost(bob, said.id)
    assert len(told()) == 1
    services.posts.delete(alice, said.id)
    assert told() == [f"post:{said.id}"]
    services.users.update_profile(alice, ProfileChange(is_embeddable=False))
    assert told() == [f"user:{alice.id}"]
    services.moderation.suspend(bob.id)
    assert told() == [f"user:{bob.id}"]
    assert kwip.store.database["purges"].count_documents({}) == 0


def test_a_cdn_forgets_a_list_that_shows_less(kwip, alice, bob, told):
    services = kwip.services
    services.relationships.follow(alice, bob.id)
    new = ListChange(title="Friends", is_public=True)
    made = services.lists.create(alice, new)
    services.lists.add(alice, made.id, [bob.id])
    assert told() == []

    services.lists.remove(alice, made.id, [bob.id])
    assert told() == [f"list:{made.id}"]
    services.lists.change(alice, made.id, ListChange(is_public=False))
    assert told() == [f"list:{made.id}"]
    services.lists.delete(alice, made.id)
    assert told() == [f"list:{made.id}"]
    with pytest.raises(NotFoundError):  # as after an attempt that died half way
        services.lists.delete(alice, made.id)
    assert told() == [f"list:{made.id}"]


def test_keys_are_sent_until_it_works(kwip, alice, told, cdn, rings):
    said = kwip.services.posts.publish(alice.id, Draft(text="hello"))
    told()
    cdn.statuses = [503]

    kwip.services.posts.delete(alice, said.id)
    kwip.sweeper.sweep()
    rings.run()
    assert cdn.asked == []  # nginx may still have what was deleted
    assert told() == [f"post:{said.id}"]
    pass_time(kwip)
    kwip.sweeper.sweep()
    rings.run()

    ((method, path, authorization, body),) = cdn.asked
    assert (method, path, authorization) == ("POST", "/hook", "Bearer token")
    assert json.loads(body) == {"tags": [f"post:{said.id}", "many"]}
    assert kwip.store.database["purges"].count_documents({}) == 0


def test_keys_are_in_one_header_where_no_webhook_is(cdn, monkeypatch):
    sent = []
    connection = "http.client.HTTPConnection.request"
    monkeypatch.setattr(connection, lambda _, *what: sent.append(what))
    monkeypatch.setattr("http.client.HTTPConnection.getresponse", lambda _: Answer)

    failed = Edge("purge", "https://kwip.example.org").forget(["post:1", "user:2"])

    keys = {"Surrogate-Key": "post:1 user:2 many"}
    assert sent == [("PURGE", "/", None, keys)]
    why = "kwip.example.org answered 405"
    assert failed == {"post:1": why, "user:2": why}


class Answer:
    status = 405
