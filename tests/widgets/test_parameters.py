"""What a site may ask of the JSON: nested threads, approval, media, what is newer."""

from __future__ import annotations

import io

import pytest

from tests.pictures import plain
from tests.widgets.test_widgets import ROOT, ids, walk


@pytest.fixture
def talk(alice, bob):
    """Return the ids of a post by Alice and of what was replied, by name."""
    root = alice.say("root")["id"]
    first = bob.say("first", in_reply_to_id=root)["id"]
    below = alice.say("below", in_reply_to_id=first)["id"]
    deep = bob.say("deep", in_reply_to_id=below)["id"]
    second = bob.say("second", in_reply_to_id=root)["id"]
    return {
        "root": root, "first": first, "below": below, "deep": deep, "second": second
    }  # fmt: skip


def tree(posts, key="text"):
    return [(post[key], tree(post["replies"], key)) for post in posts]


def upload(person):
    file = (io.BytesIO(plain(size=(64, 48))), "me.png")
    return [person.post("/api/v2/media", data={"file": file}).json["id"]]


def test_a_thread_can_be_nested(client, alice, talk):
    path = f"{ROOT}/thread/{talk['root']}"

    body = client.get(f"{path}?shape=nested").json

    first = ("first", [("below", [("deep", [])])])
    assert tree(body["posts"]) == [("root", [first, ("second", [])])]
    (root,) = client.get(f"{path}?shape=nested&fields=id").json["posts"]
    assert set(root) == {"id", "replies"}
    [(above, [(middle, _)])] = tree(
        client.get(f"{ROOT}/thread/{talk['first']}?shape=nested").json["posts"]
    )
    assert (above, middle) == ("root", "first")
    flat = client.get(f"{path}?shape=flat")
    assert flat.data == client.get(path).data
    assert "replies" not in flat.json["posts"][0]


def test_a_nested_thread_has_what_is_below_a_hidden_reply(client, alice, bob, talk):
    bob.ask("DELETE", f"/api/v1/statuses/{talk['first']}")
    path = f"{ROOT}/thread/{talk['root']}?shape=nested"

    body = client.get(path).json

    assert tree(body["posts"]) == [
        ("root", [("below", [("deep", [])]), ("second", [])])
    ]
    following = client.get(f"{path}&before={talk['below']}").json
    assert tree(following["posts"]) == [("deep", []), ("second", [])]


def test_only_what_its_author_approves_is_in_a_thread(client, alice, bob, talk):
    path = f"{ROOT}/thread/{talk['root']}?replies=approved"
    assert ids(client.get(path)) == [talk["root"], talk["below"]]

    bob.post(f"/api/v1/statuses/{talk['second']}/favourite")
    assert ids(client.get(path)) == [talk["root"], talk["below"]]

    alice.post(f"/api/v1/statuses/{talk['second']}/favourite")
    assert ids(client.get(path)) == [talk["root"], talk["below"], talk["second"]]
    assert walk(client, f"{path}&limit=1") == [
        [talk["root"]], [talk["below"]], [talk["second"]]
    ]  # fmt: skip
    alice.post(f"/api/v1/statuses/{talk['second']}/unfavourite")
    assert ids(client.get(path)) == [talk["root"], talk["below"]]
    nested = client.get(f"{path}&shape=nested").json["posts"]
    assert tree(nested) == [("root", [("below", [])])]
    everything = f"{ROOT}/thread/{talk['root']}?replies=all"
    assert len(ids(client.get(everything))) == len(talk)


def test_only_posts_with_media_can_be_asked_for(client, alice, bob):
    alice.say("#tea plain")
    shown = alice.say("#tea picture", media_ids=upload(alice))["id"]
    bob.say("#tea")
    reply = alice.say("#tea again", media_ids=upload(alice), in_reply_to_id=shown)["id"]

    for path, expected in {
        "public": [shown],
        "tag/tea": [reply, shown],
        "user/alice": [reply, shown],
        "user/alice?replies=true&": [reply, shown],
        "user/bob": [],
        "public?order=active": [shown],
    }.items():
        mark = "&" if "?" in path else "?"
        answer = client.get(f"{ROOT}/{path}{mark}media=true")
        assert (path, ids(answer)) == (path, expected)
        without = client.get(f"{ROOT}/{path}{mark}media=false")
        assert without.data == client.get(f"{ROOT}/{path}").data


@pytest.mark.parametrize("kind", ["public", "tag/tea", "user/alice"])
def test_what_is_newer_can_be_asked_for(client, alice, kind):
    said = [alice.say(f"#tea {number}")["id"] for number in range(5)]
    path = f"{ROOT}/{kind}?after={said[1]}"

    assert walk(client, path) == [said[:1:-1]]
    assert walk(client, f"{path}&limit=2") == [[said[4], said[3]], [said[2]]]
    assert ids(client.get(f"{path}&before={said[3]}")) == [said[2]]


def test_a_parameter_of_another_widget_is_400(client, talk):
    for path, field in (
        ("public?media=some", "media"),
        ("public?replies=false", "replies"),
        ("tag/tea?shape=nested", "shape"),
        ("user/alice?after=x", "after"),
        ("user/alice?after=1&order=active", "after"),
        ("user/alice?replies=approved", "replies"),
        (f"thread/{talk['root']}?shape=round", "shape"),
        (f"thread/{talk['root']}?shape[]=flat", "shape"),
        (f"thread/{talk['root']}?replies=true", "replies"),
        (f"thread/{talk['root']}?media=true", "media"),
        (f"thread/{talk['root']}?after=1", "after"),
        ("search?q=tea&media=true", "media"),
        ("user/alice/profile?fields=id", "fields"),
    ):
        answer = client.get(f"{ROOT}/{path}")

        found = answer.status_code, list(answer.json["details"])
        assert (path, *found) == (path, 400, [field])
        assert answer.headers["Cache-Control"] == "no-store"
