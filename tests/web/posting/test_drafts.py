"""Drafts on pages, without a script."""

from __future__ import annotations

import datetime as dt
import io

from tests.pictures import plain


def test_a_draft_is_saved_continued_posted_and_then_gone(alice, at_alice):
    sheet = at_alice.get("/compose")
    sent = {"key": sheet.value("key"), "visibility": "unlisted", "draft_id": ""}
    assert at_alice.send("/drafts", text="Half a", **sent) == "/drafts"
    [link] = [e for e in at_alice.get("/drafts").all("a") if e.words == "Half a"]
    form = at_alice.get(link["href"])

    assert form.one("textarea").text.strip() == "Half a"
    sent["draft_id"] = form.value("draft_id")
    sent["draft_version"] = form.value("draft_version")
    at_alice.send("/drafts", text="Half a thought", **sent)
    assert "Half a thought" in at_alice.get("/drafts").words
    at_alice.send("/compose", text="A thought", **sent)
    assert "No drafts" in at_alice.get("/drafts").words


def test_a_reply_whose_kwip_is_gone_keeps_its_text(alice, bob, at_alice):
    root = bob.say("a root")["id"]
    sheet = at_alice.get("/compose")
    sent = {"key": sheet.value("key"), "in_reply_to_id": root}
    at_alice.send("/drafts", text="My answer", **sent)
    [link] = [e for e in at_alice.get("/drafts").all("a") if e.words == "My answer"]
    bob.ask("DELETE", f"/api/v1/statuses/{root}")
    form = at_alice.get(link["href"])

    assert "isn't available any more" in form.words
    assert form.one("textarea").text.strip() == "My answer"


def test_a_kwip_is_scheduled_in_the_time_of_the_viewer_and_made_a_draft(
    alice, at_alice
):
    sheet = at_alice.get("/compose")
    day = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).date().isoformat()
    sent = {
        "key": sheet.value("key"),
        "scheduled_at": f"{day}T10:30",
        "utc_offset": "120",
    }
    at_alice.send("/scheduled", text="Good morning", **sent)
    [made] = alice.get("/api/v1/scheduled_statuses").json
    assert made["scheduled_at"] == f"{day}T08:30:00.000Z"
    assert "to be posted" in at_alice.get("/drafts").words
    at_alice.send(f"/drafts/{made['id']}/unschedule")
    assert "to be posted" not in at_alice.get("/drafts").words
    again = at_alice.send("/scheduled", 422, text="x", key="other", scheduled_at="")
    assert "Choose a date and a time." in again.words
    at_alice.send("/settings/language", language="en", time_zone="Asia/Kolkata")
    assert "Asia/Kolkata" in at_alice.get("/compose").words
    at_alice.send("/scheduled", text="Namaste", **sent | {"key": "third"})
    [made] = alice.get("/api/v1/scheduled_statuses").json
    assert made["scheduled_at"] == f"{day}T05:00:00.000Z"


def test_a_kwip_is_deleted_and_its_text_and_picture_come_back(alice, at_alice, bob):
    picture = {"file": (io.BytesIO(plain()), "a.png"), "description": "A loaf"}
    media = alice.post("/api/v2/media", data=picture).json["id"]
    post = alice.say("A typpo", media_ids=[media], visibility="unlisted")["id"]
    place = at_alice.send(f"/@alice/{post}/redraft")
    form = at_alice.get(place)

    assert alice.get(f"/api/v1/statuses/{post}").status_code in {404, 410}
    assert form.one("textarea").text.strip() == "A typpo"
    assert form.value("media_ids[]") == media
    sent = {"key": form.value("key"), "media_ids[]": media, "visibility": "unlisted"}
    at_alice.send("/compose", text="A typo", draft_id=form.value("draft_id"), **sent)
    [found] = alice.get(f"/api/v1/accounts/{alice.id}/statuses").json
    assert [each["description"] for each in found["media_attachments"]] == ["A loaf"]
    assert "No drafts" in at_alice.get("/drafts").words


def test_who_wants_to_undo_gets_a_few_seconds(alice, at_alice):
    at_alice.send("/settings/reading", undo_s="20")
    sheet = at_alice.get("/compose")
    sent = {"key": sheet.value("key"), "wait_s": sheet.value("wait_s")}
    held = at_alice.send("/compose", text="Too soon", **sent)

    assert "Posting in 20 seconds." in at_alice.get(held).words
    assert alice.get(f"/api/v1/accounts/{alice.id}/statuses").json == []
    form = at_alice.get(at_alice.send(held.replace("held", "undo")))
    assert form.one("textarea").text.strip() == "Too soon"
    assert alice.get("/api/v1/scheduled_statuses").json == []
