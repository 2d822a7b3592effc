from __future__ import annotations

import datetime as dt
import re

import pytest

from tests.conversations import grow

STATUS_KEYS = {
    "id", "created_at", "edited_at", "in_reply_to_id", "in_reply_to_account_id",
    "sensitive", "spoiler_text", "visibility", "language", "uri", "url", "content",
    "replies_count", "reblogs_count", "favourites_count", "application", "account",
    "mentions", "reblog", "media_attachments", "tags", "emojis", "card", "poll",
}  # fmt: skip
VIEWER_KEYS = {
    "pinned", "favourited", "reblogged", "muted", "bookmarked", "filtered"
}  # fmt: skip
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LONE_HALF = "\ud83d"


def test_a_new_status_has_every_key_that_apps_expect(alice, settings):
    status = alice.say("hello", language="en")

    assert set(status) >= STATUS_KEYS | VIEWER_KEYS
    assert status["id"].isdecimal()
    assert INSTANT.fullmatch(status["created_at"])
    made_ms = dt.datetime.fromisoformat(status["created_at"]).timestamp() * 1000
    assert round(made_ms) == int(status["id"]) >> 16
    assert status["url"] == f"{settings.origin}/@alice/{status['id']}"
    assert status["content"] == "<p>hello</p>"
    assert status["visibility"] == "public"
    assert status["language"] == "en"
    assert status["account"]["acct"] == "alice"
    assert status["application"] == {"name": "api", "website": None}
    nulls = {k for k, v in status.items() if v is None}
    assert nulls >= {
        "edited_at",
        "in_reply_to_id",
        "in_reply_to_account_id",
        "reblog",
        "card",
        "poll",
    }
    for key in ("media_attachments", "mentions", "tags", "emojis", "filtered"):
        assert status[key] == []


def test_what_a_viewer_did_with_a_status_is_told_to_viewers_only(alice, client):
    status = alice.say("hello")

    seen = client.get(f"/api/v1/statuses/{status['id']}").json

    assert set(status) - set(seen) == VIEWER_KEYS


@pytest.mark.parametrize("word", ["public", "unlisted", "private", "direct"])
def test_a_status_is_for_whom_it_says(alice, bob, client, word):
    status = alice.say("hello", visibility=word)

    assert status["visibility"] == word
    path = f"/api/v1/statuses/{status['id']}"
    everybody = 200 if word in {"public", "unlisted"} else 404
    assert client.get(path).status_code == everybody
    assert bob.get(path).status_code == everybody
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    assert bob.get(path).status_code == (404 if word == "direct" else 200)


def test_an_answer_names_what_and_whom_it_answers(alice, bob):
    parent = alice.say("a question")

    answer = bob.say("@alice yes", in_reply_to_id=parent["id"])

    assert answer["in_reply_to_id"] == parent["id"]
    assert answer["in_reply_to_account_id"] == alice.id
    assert answer["mentions"] == [
        {
            "id": alice.id,
            "username": "alice",
            "acct": "alice",
            "url": alice.get(f"/api/v1/accounts/{alice.id}").json["url"],
        }
    ]
    assert int(answer["id"]) >> 16 > int(parent["id"]) >> 16


@pytest.mark.parametrize(
    "options",
    [
        {"json": {"status": "hi", "visibility": "unlisted", "sensitive": True}},
        {"data": {"status": "hi", "visibility": "unlisted", "sensitive": "True"}},
        {"data": b"status=hi&visibility=unlisted&sensitive=1"},
        {
            "data": {"status": "hi", "visibility": "unlisted"},
            "content_type": "multipart/form-data",
        },
        {"query_string": "status=hi&visibility=unlisted"},
    ],
)
def test_a_status_is_written_in_every_form_in_which_it_comes(alice, options):
    answer = alice.post("/api/v1/statuses", **options)

    assert answer.status_code == 200
    assert answer.json["content"] == "<p>hi</p>"
    assert answer.json["visibility"] == "unlisted"


def test_what_apps_send_and_kwip_does_not_know_is_skipped(alice):
    status = alice.say(
        "hi",
        sensitive=True,
        media_ids=[],
        poll=None,
        spoiler_text="",
        scheduled_at=None,
        quote_approval_policy="public",
        unheard_of={"a": [1]},
    )

    assert status["content"] == "<p>hi</p>"


def test_a_file_that_is_not_there_is_refused_and_the_text_not_posted(alice):
    answer = alice.post("/api/v1/statuses", json={"status": "hi", "media_ids": ["1"]})

    assert answer.status_code == 422
    assert list(answer.json["details"]) == ["media_ids"]
    assert alice.get("/api/v1/timelines/home").json == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "status"),
        ({"status": None}, "status"),
        ({"status": ""}, "status"),
        ({"status": " \n\u200b"}, "status"),
        ({"status": 5}, "status"),
        ({"status": ["a"]}, "status"),
        ({"status": "a\0b"}, "status"),
        ({"status": f"a{LONE_HALF}"}, "status"),
        ({"status": "x" * 501}, "status"),
        ({"status": "a", "visibility": "friends"}, "visibility"),
        ({"status": "a", "visibility": ["public"]}, "visibility"),
        ({"status": "a", "in_reply_to_id": "x"}, "in_reply_to_id"),
        ({"status": "a", "in_reply_to_id": -1}, "in_reply_to_id"),
        ({"status": "a", "in_reply_to_id": True}, "in_reply_to_id"),
        ({"status": "a", "in_reply_to_id": 2**63}, "in_reply_to_id"),
        ({"status": "a", "in_reply_to_id": 1.5}, "in_reply_to_id"),
        ({"status": "a", "language": "english please"}, "language"),
    ],
)
def test_each_field_that_is_wrong_is_named(alice, body, field):
    answer = alice.post("/api/v1/statuses", json=body)

    assert answer.status_code == 422
    assert answer.json["error"]
    details = answer.json["details"]
    assert list(details) == [field]
    assert details[field][0]["error"] == "ERR_INVALID"
    assert details[field][0]["description"]


def test_500_characters_are_enough_and_count_as_people_see_them(alice):
    assert "🦊" in alice.say("🦊" * 500)["content"]


@pytest.mark.parametrize("parent", ["1", str(2**63 - 1), str(2**62)])
def test_an_answer_to_nothing_is_404_and_does_no_harm(alice, parent):
    answer = alice.post(
        "/api/v1/statuses", json={"status": "hi", "in_reply_to_id": parent}
    )

    assert answer.status_code == 404
    later = alice.say("hello")
    assert later["created_at"] < "2100"


def test_a_key_makes_one_status_however_often_it_is_sent(alice, bob):
    key = {"Idempotency-Key": "k" * 36}

    first = alice.post("/api/v1/statuses", json={"status": "hi"}, headers=key)
    second = alice.post("/api/v1/statuses", data={"status": "hi"}, headers=key)
    others = bob.post("/api/v1/statuses", json={"status": "hi"}, headers=key)
    changed = alice.post("/api/v1/statuses", json={"status": "ho"}, headers=key)

    assert first.json == second.json
    assert others.json["id"] != first.json["id"]
    assert changed.status_code == 422
    assert len(alice.get("/api/v1/timelines/home").json) == 1


def test_without_a_key_each_request_is_a_status_of_its_own(alice):
    assert alice.say("hi")["id"] != alice.say("hi")["id"]


def test_a_key_that_is_too_long_is_refused(alice):
    answer = alice.post(
        "/api/v1/statuses",
        json={"status": "hi"},
        headers={"Idempotency-Key": "k" * 10_000},
    )

    assert answer.status_code == 422


def test_an_edit_is_seen_at_once(alice, client):
    status = alice.say("helo")
    path = f"/api/v1/statuses/{status['id']}"
    client.get(path)

    edited = alice.ask("PUT", path, json={"status": "hello @alice"})

    assert edited.status_code == 200
    assert edited.json["content"].startswith("<p>hello ")
    assert edited.json["mentions"][0]["id"] == alice.id
    assert INSTANT.fullmatch(edited.json["edited_at"])
    assert client.get(path).json["content"] == edited.json["content"]


def test_nobody_edits_or_deletes_what_another_wrote(alice, bob):
    status = alice.say("hello")
    path = f"/api/v1/statuses/{status['id']}"

    assert bob.ask("PUT", path, json={"status": "bye"}).status_code == 403
    assert bob.ask("DELETE", path).status_code == 403
    assert bob.get(path).json["content"] == "<p>hello</p>"


def test_no_status_has_the_largest_ids(alice):
    for number in (2**63 - 1, 2**63 - 2**40):
        assert alice.ask("DELETE", f"/api/v1/statuses/{number}").status_code == 404


def test_a_deleted_status_is_answered_with_its_source_and_is_gone(alice, client):
    status = alice.say("hello <b> https://example.org")
    path = f"/api/v1/statuses/{status['id']}"
    client.get(path)

    deleted = alice.ask("DELETE", path)

    assert deleted.status_code == 200
    assert deleted.json["text"] == "hello <b> https://example.org"
    assert deleted.json["id"] == status["id"]
    assert deleted.json["account"]["id"] == alice.id
    for answer in (client.get(path), alice.get(path), alice.ask("DELETE", path)):
        assert answer.status_code == 404
        assert answer.json["error"]
    assert alice.ask("PUT", path, json={"status": "x"}).status_code == 404
    assert alice.get("/api/v1/timelines/home").json == []


def test_a_context_has_bounds_and_wider_ones_for_who_shows_a_token(
    alice, client, wiring
):
    root = alice.say("root")["id"]
    made = grow(wiring.store.database, int(root), [*range(210), *[210] * 410])
    path = f"/api/v1/statuses/{made[210]}/context"

    sizes = [
        (len(found["ancestors"]), len(found["descendants"]))
        for found in (client.get(path).json, alice.get(path).json)
    ]

    assert sizes == [(40, 60), (200, 400)]
    above = [status["id"] for status in client.get(path).json["ancestors"]]
    assert above == [str(post_id) for post_id in made[170:210]]


def test_a_context_has_what_is_above_and_what_is_below(alice, bob, client):
    root = alice.say("one")
    middle = bob.say("two", in_reply_to_id=root["id"])
    low = alice.say("three", in_reply_to_id=middle["id"])
    lowest = bob.say("four", in_reply_to_id=low["id"])

    context = client.get(f"/api/v1/statuses/{low['id']}/context").json

    assert [s["id"] for s in context["ancestors"]] == [root["id"], middle["id"]]
    assert [s["id"] for s in context["descendants"]] == [lowest["id"]]
    assert set(context["ancestors"][0]) >= STATUS_KEYS


def test_several_statuses_come_in_the_order_asked_without_those_not_there(
    alice, bob, client
):
    first, second = alice.say("one")["id"], alice.say("two")["id"]
    hidden = alice.say("for followers", visibility="private")["id"]
    repost = bob.post(f"/api/v1/statuses/{first}/reblog").json["id"]
    asked = [second, "1", hidden, repost, first, second]
    path = "/api/v1/statuses?" + "&".join(f"id[]={post_id}" for post_id in asked)

    found = client.get(path).json

    assert [s["id"] for s in found] == [second, repost, first]
    assert found[1]["reblog"]["id"] == first
    assert [s["id"] for s in alice.get(path).json] == [second, hidden, repost, first]
    assert client.get("/api/v1/statuses").json == []


@pytest.mark.parametrize("query", ["id[]=x", "&".join(["id[]=1"] * 41)])
def test_too_many_statuses_and_nonsense_are_named(client, query):
    answer = client.get(f"/api/v1/statuses?{query}")

    assert answer.status_code == 400
    assert list(answer.json["details"]) == ["id"]


def test_the_source_of_a_status_is_what_was_typed(alice, bob):
    status = alice.say("a <b> & @bob", spoiler_text="loud & clear")
    path = f"/api/v1/statuses/{status['id']}/source"

    assert alice.get(path).json == {
        "id": status["id"],
        "text": "a <b> & @bob",
        "spoiler_text": "loud & clear",
    }


def test_the_history_of_an_unedited_status_is_its_present_version(alice, client):
    status = alice.say("hello", spoiler_text="careful")

    (version,) = client.get(f"/api/v1/statuses/{status['id']}/history").json

    assert version["content"] == status["content"] == "<p>hello</p>"
    assert version["spoiler_text"] == "careful"
    assert version["sensitive"] is True
    assert version["created_at"] == status["created_at"]
    assert version["account"] == status["account"]


def test_the_history_has_each_version_with_its_own_warning_oldest_first(alice, client):
    status = alice.say("one <i>", spoiler_text="first")
    path = f"/api/v1/statuses/{status['id']}"
    alice.ask("PUT", path, json={"status": "two", "spoiler_text": "second"})
    last = alice.ask("PUT", path, json={"status": "three @alice"}).json

    versions = client.get(f"{path}/history").json

    assert [v["spoiler_text"] for v in versions] == ["first", "second", ""]
    assert [v["sensitive"] for v in versions] == [True, True, False]
    assert [v["content"] for v in versions[:2]] == [
        "<p>one &lt;i&gt;</p>",
        "<p>two</p>",
    ]
    assert versions[2]["content"] == last["content"]
    times = [v["created_at"] for v in versions]
    assert times == sorted(times)
    assert (times[0], times[2]) == (last["created_at"], last["edited_at"])


def test_source_and_history_are_for_who_may_see_the_status(alice, bob):
    status = alice.say("for followers", visibility="private")

    for part in ("source", "history"):
        answer = bob.get(f"/api/v1/statuses/{status['id']}/{part}")

        assert answer.status_code == 404
