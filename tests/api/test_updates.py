from __future__ import annotations

import pytest

UPDATE = "/api/kwips/update.json"


def newest(person):
    return person.get(f"/api/v1/accounts/{person.id}/statuses").json


def test_an_update_is_posted_with_the_name_of_the_program(alice, settings):
    answer = alice.post(UPDATE, data={"kwip": " tea <b> ", "vendor": " My  script "})

    assert answer.status_code == 200
    (status,) = newest(alice)
    assert answer.json == {
        "id": status["id"],
        "url": f"{settings.origin}/@alice/{status['id']}",
        "text": "tea <b>",
        "content": "<p>tea &lt;b&gt;</p>",
        "vendor": "My script",
        "created_at": status["created_at"],
    }
    assert status["application"]["name"] == "My script"
    assert status["visibility"] == "public"


def test_an_update_is_checked_without_posting_it(alice, bob, settings):
    quoted = bob.say("quote me")["url"]

    answer = alice.post(
        UPDATE, json={"kwip": f"hi @bob #fox {quoted}", "validate": True}
    )

    assert answer.status_code == 200
    assert (answer.json["id"], answer.json["url"]) == (None, None)
    assert answer.json["text"] == "hi @bob #fox"
    assert f'href="{settings.origin}/@bob"' in answer.json["content"]
    assert answer.json["vendor"] == "api"
    assert newest(alice) == []
    assert bob.get("/api/v1/notifications").json == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kwip": " "}, "status"),
        ({"kwip": "x" * 501}, "status"),
        ({}, "kwip"),
        ({"kwip": ["x"]}, "kwip"),
        ({"kwip": "hello", "vendor": "x" * 41}, "vendor"),
        ({"kwip": "hello", "vendor": "Im\u200bport"}, "vendor"),
        ({"kwip": "hello", "vendor": "a\0b"}, "vendor"),
        ({"kwip": "hello", "validate": "maybe"}, "validate"),
    ],
)
def test_an_update_that_cannot_be_posted_is_422_checked_or_not(alice, body, field):
    for more in ({}, {"validate": "1"}):
        answer = alice.post(UPDATE, json=more | body)

        assert answer.status_code == 422
        assert list(answer.json["details"]) == [field]
    assert newest(alice) == []


def test_an_update_is_posted_once_for_each_key(alice):
    first, again = (
        alice.post(UPDATE, json={"kwip": "tea"}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    )

    assert first.json == again.json
    assert len(newest(alice)) == 1


def test_an_update_needs_a_token_that_may_write(alice, client):
    reader = {"Authorization": f"Bearer {alice.reading_token}"}

    assert client.post(UPDATE, json={"kwip": "tea"}).status_code == 401
    refused = client.post(UPDATE, json={"kwip": "tea"}, headers=reader)
    assert refused.status_code == 403
    assert newest(alice) == []
