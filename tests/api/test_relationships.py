from __future__ import annotations

import datetime as dt


def test_a_mute_can_end_and_leave_notifications(alice, bob):
    path = f"/api/v1/accounts/{bob.id}/mute"
    found = alice.post(path, json={"duration": 3_600, "notifications": False}).json

    assert (found["muting"], found["muting_notifications"]) == (True, False)
    [listed] = alice.get("/api/v1/mutes").json
    assert listed["mute_expires_at"] == found["muting_expires_at"]
    ends_at = dt.datetime.fromisoformat(found["muting_expires_at"])
    left = ends_at - dt.datetime.now(dt.UTC)
    assert dt.timedelta(minutes=50) < left < dt.timedelta(minutes=61)
    found = alice.post(path).json
    assert (found["muting_notifications"], found["muting_expires_at"]) == (True, None)
    for duration in (-1, 10**12, "soon"):
        wrong = alice.post(path, json={"duration": duration})
        assert wrong.status_code == 422
        assert "seconds" in wrong.json["details"]["duration"][0]["description"]


def test_a_follow_can_leave_reposts_out(alice, bob):
    path = f"/api/v1/accounts/{bob.id}/follow"
    assert alice.post(path, json={"reblogs": False}).json["showing_reblogs"] is False
    found = alice.post(path, json={"notify": True}).json
    assert (found["showing_reblogs"], found["notifying"]) == (False, True)

    assert alice.post(path, json={"reblogs": True}).json["showing_reblogs"] is True


def test_a_private_note_is_shown_to_its_writer_only(alice, bob):
    path = f"/api/v1/accounts/{bob.id}/note"
    assert alice.post(path, json={"comment": " Met at the fair "}).json["note"]

    query = f"/api/v1/accounts/relationships?id[]={bob.id}"
    assert alice.get(query).json[0]["note"] == "Met at the fair"
    back = f"/api/v1/accounts/relationships?id[]={alice.id}"
    assert bob.get(back).json[0]["note"] == ""
    wrong = alice.post(path, json={"comment": "x" * 2_001})
    assert (wrong.status_code, list(wrong.json["details"])) == (422, ["comment"])
    assert alice.post(path).json["note"] == ""
    assert alice.get(query).json[0]["note"] == ""


def test_a_buzz_and_an_invitation_are_notifications_of_our_own(alice, bob, wiring):
    path = f"/api/v1/accounts/{bob.id}/buzz"
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    assert alice.post(path).status_code == 409  # bob has just signed up
    now_ms = wiring.services.buzzes.clock() + 8 * 86_400_000
    object.__setattr__(wiring.services.buzzes, "clock", lambda: now_ms)
    assert alice.post(path).json["following"] is True
    root = alice.say("Root")
    invite = f"/api/v1/statuses/{root['id']}/invite"
    assert alice.post(invite, json={"acct": "bob"}).json["username"] == "bob"

    found = bob.get("/api/v1/notifications?exclude_types[]=follow").json
    assert [(n["type"], n["account"]["acct"]) for n in found] == [
        ("kwip:invitation", "alice"),
        ("kwip:buzz", "alice"),
    ]
    assert found[0]["status"]["id"] == root["id"]
    assert found[1]["status"] is None
    only = bob.get("/api/v1/notifications?types[]=kwip:buzz").json
    assert only == found[1:]
    wrong = alice.post(invite, json={"acct": "nobody"})
    assert (wrong.status_code, list(wrong.json["details"])) == (422, ["username"])
    assert alice.post(path).status_code == 409
