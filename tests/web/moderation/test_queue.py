"""A moderator at the queue, and the person that a decision is about."""

from __future__ import annotations

import pytest

from kwip.domain.mail.mails import MailKind
from tests.people import PASSWORD


@pytest.fixture
def reported(alice, bob):
    """Let alice report what bob said; give the address of the report."""
    post_id = bob.say("Buy my bread!")["id"]
    asked = {"account_id": bob.id, "status_ids": [post_id], "category": "spam"}
    report = alice.post("/api/v1/reports", json=asked).json
    return f"/admin/reports/{report['id']}", post_id


def link_of(wiring, kind):
    mails = wiring.services.mails
    mail = wiring.store.database["mails"].find_one({"kind": kind.value})
    return mails.link_of(mails.store.find(mail["_id"]))


def test_a_moderator_decides_about_a_report_on_one_page(
    at_moderator, at_alice, bob, people, reported
):
    place, post_id = reported
    assert "Buy my bread!" in at_moderator.get("/admin/reports").words
    assert not at_moderator.get("/admin/reports?category=legal").all("a", href=place)
    page = at_moderator.get(place)
    box = page.one("input", name="post_ids[]", value=post_id)
    assert "checked" in box.attributes
    old = page.one("input", name="version")["value"]
    assert at_moderator.send(f"{place}/assign", version=old) == place

    again = at_moderator.post(f"{place}/act", act="delete", version=old)
    assert (again.status_code, "Someone else changed" in again.text) == (409, True)
    new = at_moderator.get(place).one("input", name="version")["value"]
    unnamed = at_moderator.post(f"{place}/act", act="delete", version=new)
    assert (unnamed.status_code, "Choose at least one" in unnamed.text) == (422, True)
    at_moderator.send(
        f"{place}/act",
        act="delete",
        version=new,
        text="Rule 1",
        **{"post_ids[]": post_id},
    )

    at_alice.get(f"/@bob/{post_id}", 410)
    page = at_moderator.get(place)
    assert "Resolved by @mod" in page.words
    assert "Deleted since" in page.words
    assert at_moderator.get("/admin/reports?show=resolved").all("a", href=place)
    at_moderator.send(f"{place}/note", note="A second one is on its way.")
    assert "A second one is on its way." in at_moderator.get(place).words
    asked = {"account_id": bob.id, "category": "other"}
    other = people("carol").post("/api/v1/reports", json=asked).json["id"]
    assert "Resolve the other open report" in at_moderator.get(place).words
    at_moderator.send(f"{place}/resolve_others")
    resolved = at_moderator.get("/admin/reports?show=resolved")
    assert resolved.all("a", href=f"/admin/reports/{other}")
    assert "Resolve the other" not in at_moderator.get(place).words


def test_a_suspended_person_appeals_with_the_link_in_the_mail(
    at_moderator, anybody, bob, reported, wiring
):
    place, _ = reported
    version = at_moderator.get(place).one("input", name="version")["value"]
    at_moderator.send(f"{place}/act", act="suspend", version=version, text="Enough.")
    address = f"/appeal?link={link_of(wiring, MailKind.STRIKE)}"
    anybody.take_token("/login")
    refused = anybody.post("/login", login="bob", password=PASSWORD)
    assert refused.status_code != 303
    page = anybody.get(address)
    assert "Enough." in page.words

    link = page.value("link")
    anybody.take_token(address).send("/appeal", link=link, text="It was only bread.")

    assert "Moderators have yet to decide." in anybody.get(address).words
    appeals = at_moderator.get("/admin/appeals")
    assert "It was only bread." in appeals.words
    [approve] = [
        button["formaction"]
        for button in appeals.all("button")
        if (button.get("formaction") or "").endswith("/approve")
    ]
    at_moderator.send(approve, text="Welcome back.")
    assert not wiring.stores.users.get_many([bob.user.id])[bob.user.id].is_suspended
    assert "Your appeal was approved." in anybody.get(address).words
    anybody.get("/appeal?link=0", 404)


def test_a_warned_person_sees_it_in_the_settings_and_appeals_there(
    at_moderator, at_bob, bob, reported
):
    place, _ = reported
    version = at_moderator.get(place).one("input", name="version")["value"]
    at_moderator.send(f"{place}/act", act="warn", version=version, text="Read rule 1.")
    noticed = at_bob.get("/notifications")
    assert "Unread: Moderators sent you a warning" in noticed.words
    assert noticed.all("a", href="/settings/strikes")
    [told] = bob.get("/api/v1/notifications?types[]=moderation_warning").json
    warning = told["moderation_warning"]
    assert (told["type"], warning["action"]) == ("moderation_warning", "none")
    assert (warning["text"], told["account"]["username"]) == ("Read rule 1.", "bob")
    page = at_bob.get("/settings/strikes")
    assert "Moderators sent you a warning" in page.words
    [form] = [
        form["action"]
        for form in page.all("form")
        if form.get("action", "").startswith("/settings/strikes/")
    ]

    empty = at_bob.post(form, text="")
    assert (empty.status_code, "Say why" in empty.text) == (422, True)
    assert at_bob.send(form, text="I have.") == "/settings/strikes"

    assert "Moderators have yet to decide." in at_bob.get("/settings/strikes").words
