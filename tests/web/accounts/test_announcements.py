"""Announcements: written by administrators, dismissed by members one by one."""

from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP, AuditQuery
from kwip.domain.accounts.users import Viewer
from kwip.domain.administration.announcements import (
    MAX_DISMISSED,
    MAX_PUBLISHED,
    TypedAnnouncement,
)
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.services.coherence.fence import Fence
from kwip.wiring import Options, build
from tests.quick import outlast_leases

PLACE = "/admin/announcements"
API = "/api/v1/announcements"


@pytest.fixture
def announce(wiring):
    """Return a function that publishes an announcement."""

    def add(text, *, is_published=True, **times):
        typed = TypedAnnouncement(text=text, **times)
        found = wiring.services.announcements
        return found.add(typed, BY_KWIP, is_published=is_published)

    return add


def in_hours(hours):
    moment = at(system_clock_ms()) + dt.timedelta(hours=hours)
    return f"{moment:%Y-%m-%dT%H:%M}"


def boxes(browser, path="/home"):
    return [box.words for box in browser.get(path).with_class("announcement-text")]


def test_an_announcement_is_written_shown_edited_ended_and_deleted(
    at_admin, at_bob, anybody, wiring
):
    preview = at_admin.send(PLACE, 200, text="**Tea** at *five*", act="preview")
    assert "Tea at five" in preview.words
    assert boxes(at_bob) == []
    assert at_admin.send(PLACE, text="**Tea** at *five*", act="save") == PLACE
    [draft] = wiring.services.announcements.newest()
    assert boxes(at_bob) == []
    at_admin.send(f"{PLACE}/{draft.id}/publish")
    assert boxes(at_bob) == boxes(at_bob, "/explore") == ["Tea at five"]
    assert boxes(anybody, "/") == []
    at_admin.send(f"{PLACE}/{draft.id}", text="Tea at six", act="save", version=2)
    assert boxes(at_bob) == boxes(at_admin, "/") == ["Tea at six"]
    place = f"{PLACE}/{draft.id}"
    stale = at_admin.send(place, 409, text="No", act="save", version=2)
    assert "Someone else changed" in stale.words
    at_admin.send(f"{PLACE}/{draft.id}/end", reason="Over")
    assert boxes(at_bob) == []
    at_admin.send(f"{PLACE}/{draft.id}/delete")

    assert wiring.services.announcements.newest() == []
    logged = wiring.services.audit_log.page(AuditQuery(actor="alice"))
    assert [entry.action.value.partition("_")[0] for entry in logged] == [
        *("remove", "end", "edit", "publish", "add")
    ]
    assert {entry.subject for entry in logged} == {f"announcement {draft.id}"}
    assert [entry.reason for entry in logged] == ["", "Over", "", "", ""]
    assert logged[-1].details == {"text": "**Tea** at *five*"}


def test_what_is_dismissed_stays_dismissed_for_that_member_only(
    announce, at_alice, at_bob, alice, bob, app
):
    made = announce("Tea")
    assert boxes(at_alice) == boxes(at_alice) == ["Tea"]
    there = at_alice.send(f"/announcements/{made.id}/dismiss", next="/explore")

    assert there == "/explore"
    assert boxes(at_alice) == []
    assert boxes(at_bob) == ["Tea"]
    assert alice.get(API).json == []
    [all_] = alice.get(f"{API}?with_dismissed=true").json
    [of_bob] = bob.get(API).json
    assert (all_["read"], of_bob["read"]) == (True, False)
    assert of_bob["content"] == "<p>Tea</p>\n"
    assert of_bob["id"] == str(made.id)
    assert bob.post(f"{API}/{made.id}/dismiss").json == {}
    assert bob.get(API).json == boxes(at_bob) == []
    assert bob.post(f"{API}/{made.id + 1}/dismiss").status_code == 404
    assert app.test_client().get(API).status_code == 401


def test_it_is_shown_from_its_start_until_its_end(announce, at_bob, wiring):
    announce("Later", starts_at=in_hours(1))
    announce("Now", starts_at=in_hours(-1), ends_at=in_hours(1))
    announce("A draft", is_published=False)

    assert boxes(at_bob) == ["Now"]
    clock = system_clock_ms
    object.__setattr__(
        wiring.services.announcements, "clock", lambda: clock() + 7_200_000
    )
    assert boxes(at_bob) == ["Later"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"text": " "}, "text"),
        ({"text": "x" * 2_001}, "text"),
        ({"text": "x", "ends_at": "tomorrow"}, "ends_at"),
        ({"text": "x", "starts_at": "2030-01-02", "ends_at": "2030-01-01"}, "ends_at"),
        ({"text": "x", "ends_at": "2020-01-01"}, "ends_at"),
    ],
)
def test_what_cannot_be_announced_is_refused(announce, wiring, typed, field):
    with pytest.raises(InvalidError) as error:
        announce(**typed)

    assert list(error.value.fields) == [field]
    assert wiring.services.announcements.newest() == []


def test_there_are_bounds(announce, wiring, alice):
    found = wiring.services.announcements
    made = [announce(f"No. {n}") for n in range(MAX_PUBLISHED)]
    with pytest.raises(ConflictError, match="End one of them"):
        announce("One more")
    found.end(made[0].id, BY_KWIP)
    announce("One more")
    with pytest.raises(ConflictError):
        found.end(made[0].id, BY_KWIP)
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    with pytest.raises(NotFoundError):
        found.dismiss(viewer, made[0].id)
    for number in range(MAX_DISMISSED + 2):
        found.store.dismiss(alice.user.id, number)
    [user] = wiring.stores.users.get_many([alice.user.id]).values()

    assert user.dismissed_ids == tuple(range(2, MAX_DISMISSED + 2))


def test_another_process_shows_it_when_the_change_is_acknowledged(
    wiring, settings, endpoints, monkeypatch
):
    monkeypatch.setattr(Fence, "outlast_leases", outlast_leases)
    other = build(settings, endpoints, role="web", options=Options())
    try:
        assert other.fence.await_lease(within_s=30)
        assert other.services.announcements.shown() == ()
        typed = TypedAnnouncement(text="Tea")
        made = wiring.services.announcements.add(typed, BY_KWIP, is_published=True)

        assert other.services.announcements.shown() == (made,)
    finally:
        other.close()
