"""The push subscription of an app: one for each token."""

from __future__ import annotations

import pytest

from tests.services.push.test_encryption import AUTH, DEVICE

PATH = "/api/v1/push/subscription"
SUBSCRIPTION = {
    "endpoint": "https://push.example.net/1",
    "keys": {"p256dh": DEVICE, "auth": AUTH},
}


def test_an_app_subscribes_changes_that_and_ends_it(alice, client):
    assert alice.get(PATH).status_code == 404
    data = {"alerts": {"mention": True, "follow": "false"}, "policy": "followed"}
    made = alice.post(PATH, json={"subscription": SUBSCRIPTION, "data": data})

    key = client.get("/api/v2/instance").json["configuration"]["vapid"]["public_key"]
    assert made.status_code == 200
    assert made.json == {
        "id": made.json["id"],
        "endpoint": SUBSCRIPTION["endpoint"],
        "standard": False,
        "alerts": {
            "mention": True,
            **dict.fromkeys(("reblog", "favourite", "follow", "status"), False),
            **dict.fromkeys(("poll", "quote", "follow_request", "update"), False),
            **dict.fromkeys(("kwip:buzz", "kwip:invitation"), False),
            **dict.fromkeys(("moderation_warning", "kwip:guest_reply"), False),
            **dict.fromkeys(("admin.sign_up", "admin.report"), False),
        },
        "policy": "followed",
        "server_key": key,
    }
    assert 0 <= made.json["id"] < 1 << 31
    changed = alice.ask("PUT", PATH, json={"data": {"alerts": {"poll": "1"}}}).json
    assert [word for word, is_on in changed["alerts"].items() if is_on] == ["poll"]
    assert (changed["id"], changed["policy"]) == (made.json["id"], "all")
    assert alice.get(PATH).json == changed
    assert alice.ask("DELETE", PATH).json == {}
    assert alice.ask("DELETE", PATH).json == {}
    assert alice.get(PATH).status_code == 404
    assert alice.ask("PUT", PATH, json={"data": {}}).status_code == 404


def test_forms_with_brackets_work_and_a_new_subscription_replaces_the_old(alice):
    fields = {
        "subscription[endpoint]": "https://push.example.net/2",
        "subscription[keys][p256dh]": f"{DEVICE}=",
        "subscription[keys][auth]": f"{AUTH}==",
        "subscription[standard]": "true",
        "data[alerts][reblog]": "true",
        "data[policy]": "none",
    }
    alice.post(PATH, json={"subscription": SUBSCRIPTION})
    alice.post(PATH, data=fields)
    found = alice.get(PATH).json

    assert (found["endpoint"], found["standard"]) == (
        "https://push.example.net/2",
        True,
    )
    assert (found["alerts"]["reblog"], found["policy"]) == (True, "none")


@pytest.mark.parametrize(
    "changed",
    [
        {"endpoint": "http://push.example.net/1"},
        {"endpoint": "https://127.0.0.1:6379/"},
        {"endpoint": "https://[::ffff:10.0.0.1]/"},
        {"keys": {"p256dh": "x", "auth": AUTH}},
        {"keys": "x"},
        {"endpoint": None},
    ],
)
def test_what_cannot_be_subscribed_is_refused(alice, changed):
    answer = alice.post(PATH, json={"subscription": SUBSCRIPTION | changed})

    assert answer.status_code == 422
    assert alice.get(PATH).status_code == 404


def test_a_token_needs_the_scope(alice):
    headers = {"Authorization": f"Bearer {alice.reading_token}"}
    answer = alice.ask("GET", PATH, headers=headers)

    assert answer.status_code == 403
