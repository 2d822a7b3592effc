"""The email address on pages, and what waits until it is confirmed."""

from __future__ import annotations

import io

import pytest

from tests.people import PASSWORD
from tests.servers import settings_in


@pytest.fixture
def settings(tmp_path):
    return settings_in(tmp_path / "home", KWIP_CONFIRM_EMAIL="1")


def test_until_the_address_is_confirmed_nothing_is_posted_and_pages_say_so(
    anybody, alice, bob, at_alice, wiring, mongodb
):
    for path in ("/api/v1/statuses", f"/api/v1/accounts/{bob.id}/follow"):
        answer = alice.post(path, json={"status": "hello"})
        assert answer.status_code == 403
        assert answer.json["error"].startswith("Confirm your email address first")
    table = (io.BytesIO(b"Account address\nbob"), "follows.csv")
    refused = at_alice.post("/settings/data/import", kind="follows", file=table)
    assert refused.status_code == 403
    page = at_alice.get("/home")
    assert page.with_class("problem")[0].words.startswith("To post and follow")
    assert at_alice.get("/home").all("a", href="/settings/email")

    at_alice.send("/settings/email/confirm")
    mails = wiring.services.mails
    found = mails.store.find(mongodb["mails"].find_one()["_id"])
    asked = anybody.get(f"/email/confirm?link={mails.link_of(found)}")
    assert "alice@example.org" in asked.words
    anybody.take_token(f"/email/confirm?link={mails.link_of(found)}")
    assert anybody.send("/email/confirm", link=asked.value("link")) == "/login"

    assert not at_alice.get("/home").with_class("problem")
    assert alice.say("hello")


def test_the_settings_change_the_address_with_the_password(at_alice, mongodb):
    new = {"email": "new@example.org", "password": "wrong"}
    page = at_alice.send("/settings/email", 422, **new)
    assert page.wrong("password") == "That isn't your current password."
    assert page.value("email") == "new@example.org"

    assert at_alice.send("/settings/email", **new | {"password": PASSWORD})

    assert mongodb["mails"].find_one()["address"] == "new@example.org"
    assert (
        "We've sent a link to new@example.org" in at_alice.get("/settings/email").words
    )


def test_notifications_by_mail_are_chosen_and_end_with_one_click(
    client, at_alice, alice, wiring
):
    def checked():
        inputs = at_alice.get("/settings/notifications").all("input")
        return {e["name"] for e in inputs if "checked" in e.attributes} - {"shown[]"}

    page = at_alice.get("/settings/notifications")
    assert page.value("frequency") == "soon"
    assert "Confirm your email address" in page.words
    chosen = {"mention": "1", "follow": "1", "frequency": "week"}
    at_alice.send("/settings/notifications", **chosen)
    at_alice.send("/settings/notifications", 422, frequency="hourly")
    assert checked() == {"mention", "follow", "frequency"}

    key = wiring.services.mails.digests.key_of(alice.user.id)
    one_click = {"List-Unsubscribe": "One-Click"}
    assert client.post("/email/unsubscribe?key=x", data=one_click).status_code == 404
    answer = client.post(f"/email/unsubscribe?key={key}", data=one_click)

    assert answer.status_code == 200
    assert "You won't get email about notifications any more" in answer.text
    assert checked() == {"frequency"}
