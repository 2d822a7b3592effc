"""Mastodon's scheduled statuses."""

from __future__ import annotations

import datetime as dt


def in_an_hour(minutes=60):
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def test_a_status_is_scheduled_once_listed_moved_and_cancelled(alice, bob):
    moment = in_an_hour()
    body = {"status": "Later", "scheduled_at": moment, "visibility": "private"}
    sent = [
        alice.post("/api/v1/statuses", json=body, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]
    [one, again] = [answer.json for answer in sent]
    path = f"/api/v1/scheduled_statuses/{one['id']}"

    assert again == one
    assert (one["scheduled_at"], one["media_attachments"]) == (moment, [])
    assert one["params"]["text"] == "Later"
    assert one["params"]["visibility"] == "private"
    assert alice.get("/api/v1/scheduled_statuses").json == [one]
    assert bob.get(path).status_code == 404
    moved = in_an_hour(120)
    changed = alice.ask("PUT", path, json={"scheduled_at": moved})
    assert changed.json["scheduled_at"] == moved
    assert alice.ask("DELETE", path).json == {}
    assert alice.get(path).status_code == 404
    assert alice.get(f"/api/v1/accounts/{alice.id}/statuses").json == []


def test_times_that_cannot_be_are_refused(alice):
    for moment in ("soon", in_an_hour(2), "2020-01-01T00:00:00Z"):
        body = {"status": "Later", "scheduled_at": moment}
        answer = alice.post("/api/v1/statuses", json=body)

        assert answer.status_code == 422
        assert list(answer.json["details"]) == ["scheduled_at"]
