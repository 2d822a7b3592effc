"""Notifications on this device: what the page offers, and what its script sends."""

from __future__ import annotations

import pytest

from kwip.domain.timelines.notifications import KINDS
from tests.services.push.test_encryption import AUTH, DEVICE

PAGE = "/settings/notifications"
HERE = f"{PAGE}/device"
KEYS = {"p256dh": DEVICE, "auth": AUTH}
ENDPOINT = "https://push.example.net/1"


@pytest.fixture
def endpoint_of(mongodb):
    """Return a function that gives where somebody is told."""

    def endpoint_of(person):
        found = mongodb["push_subscriptions"].find_one({"user_id": person.user.id})
        return found and found["endpoint"]

    return endpoint_of


def test_a_browser_subscribes_moves_and_leaves(
    client, at_alice, alice, wiring, endpoint_of
):
    [panel] = [e for e in at_alice.get(PAGE).elements if e.get("id") == "device"]
    assert panel["data-endpoint"] == ""
    assert panel["data-key"] == wiring.services.push_subscriptions.public_key

    at_alice.send(HERE, endpoint=ENDPOINT, **KEYS)
    [panel] = [e for e in at_alice.get(PAGE).elements if e.get("id") == "device"]
    assert panel["data-endpoint"] == endpoint_of(alice) == ENDPOINT
    moved = {"endpoint": f"{ENDPOINT}0", **KEYS}
    # Push services know the address, and must not have what is sent.
    for old, auth in (
        ("https://push.example.net/2", KEYS["auth"]),
        (ENDPOINT, "A" * 22),
        (ENDPOINT, KEYS["auth"]),
    ):
        assert endpoint_of(alice) == ENDPOINT
        before = {"old": old, "old_auth": auth}
        answer = client.post("/push/renewed", data={**before, **moved})
        assert answer.status_code == 200
    assert endpoint_of(alice) == f"{ENDPOINT}0"

    at_alice.send(f"{HERE}/remove")
    at_alice.send(f"{HERE}/remove")

    assert endpoint_of(alice) is None


def test_a_script_is_told_what_is_wrong(at_alice, alice, endpoint_of):
    headers = {"Accept": "application/json"}
    answer = at_alice.post(HERE, headers, endpoint="http://10.0.0.1/", **KEYS)

    assert answer.status_code == 422
    assert answer.json["error"] == "This device can't be subscribed."
    assert endpoint_of(alice) is None


def test_what_devices_are_told_is_chosen_beside_mail(at_alice, alice, wiring):
    def boxes():
        page = at_alice.get(PAGE)
        found = [e for e in page.all("input") if e["name"] == "push[]"]
        return {e["value"] for e in found if "checked" in e.attributes}

    everything = boxes()
    assert "mention" in everything
    assert not everything & {"favourite", "repost"}

    at_alice.send(PAGE, **{"push[]": "favourite", "poll": "1", "frequency": "day"})
    assert boxes() == {"favourite"}
    at_alice.send(PAGE, 422, **{"push[]": "cake", "frequency": "day"})
    at_alice.send(PAGE, frequency="day")

    assert boxes() == set()


def test_what_is_hidden_on_pages_is_neither_listed_nor_counted(at_alice, alice, bob):
    kwip = alice.post("/api/v1/statuses", json={"status": "lunch?"}).json["id"]
    for act in (f"accounts/{alice.id}/follow", f"statuses/{kwip}/favourite"):
        assert bob.post(f"/api/v1/{act}").status_code == 200

    def seen():
        text = at_alice.get("/notifications").words
        counted = alice.get("/api/v1/notifications/unread_count").json["count"]
        return ["followed you" in text, "lunch?" in text, counted]

    assert seen() == [True, True, 2]
    others = [kind.value for kind in KINDS if kind.value != "follow"]
    at_alice.send(PAGE, **{"shown[]": ["", *others], "follow": "1", "frequency": "day"})
    assert seen() == [False, True, 1]
    # Where it is asked for, it is shown.
    assert "followed you" in at_alice.get("/notifications/follows").words
    at_alice.send(PAGE, **{"shown[]": "", "frequency": "day"})
    assert seen() == [False, False, 0]
    at_alice.send(PAGE, **{"shown[]": ["", *others, "follow"], "frequency": "day"})

    assert seen() == [True, True, 2]


def test_the_script_that_shows_notifications_is_for_all_pages(client):
    answer = client.get("/service-worker.js")

    assert answer.content_type == "text/javascript; charset=utf-8"
    assert "showNotification" in answer.text
    with client.get("/static/icon-badge.png") as badge:
        assert badge.content_type == "image/png"
