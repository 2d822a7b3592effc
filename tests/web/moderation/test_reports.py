"""Report from a page: the form, the thanks, and an app."""

from __future__ import annotations


def test_a_kwip_is_reported_from_its_menu_and_the_thanks_offer_to_block(
    at_alice, bob, wiring
):
    place = f"/@bob/{bob.say('Buy my bread!')['id']}"
    [link] = at_alice.get(place).all("a", href=f"{place}/report")
    assert link.words == "Report"
    form = at_alice.get(f"{place}/report")
    assert "Buy my bread!" in form.words

    refused = at_alice.post(f"{place}/report", comment="Every hour.")
    assert refused.status_code == 422
    assert "Choose one of the options." in refused.text
    sent = at_alice.send(f"{place}/report", category="spam", comment="Every hour.")

    thanks = at_alice.get(sent)
    assert "Thank you." in thanks.words
    assert thanks.all("button", formaction="/@bob/block")
    report = wiring.store.database["reports"].find_one()
    assert (report["category"], report["comment"]) == ("spam", "Every hour.")
    assert [post["text"] for post in report["posts"]] == ["Buy my bread!"]


def test_a_person_is_reported_from_their_profile(at_alice, bob, wiring):
    assert at_alice.get("/@bob").all("a", href="/@bob/report")

    assert at_alice.send("/@bob/report", category="other") == "/@bob/report/sent"

    assert wiring.store.database["reports"].find_one()["posts"] == []


def test_an_app_reports_an_account_and_its_statuses(alice, bob):
    status = bob.say("Buy my bread!")["id"]
    asked = {
        "account_id": bob.id,
        "status_ids": [status],
        "comment": "Every hour.",
        "category": "spam",
        "forward": True,
    }

    answer = alice.post("/api/v1/reports", json=asked)

    assert answer.status_code == 200
    report = answer.json
    assert report.pop("target_account")["username"] == "bob"
    assert report.pop("id").isdigit()
    assert report.pop("created_at").endswith("Z")
    assert report == {
        "action_taken": False,
        "action_taken_at": None,
        "category": "spam",
        "comment": "Every hour.",
        "forwarded": False,
        "status_ids": [status],
        "rule_ids": [],
    }
    wrong = alice.post("/api/v1/reports", json={"category": "rude"})
    assert (wrong.status_code, set(wrong.json["details"])) == (
        422,
        {"account_id", "category"},
    )
