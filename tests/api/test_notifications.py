"""Notifications and markers as apps see them."""

from __future__ import annotations

import pytest

from kwip.jobs.registry import jobs
from tests.api.paging import links, walk
from tests.api.test_shapes import ACCOUNT, FILLED, ID, OF_VIEWER, STATUS, TIME, problems

PATH = "/api/v1/notifications"
NOTIFICATION = {
    "id": ID, "type": FILLED, "created_at": TIME, "group_key": FILLED,
    "account": ACCOUNT, "status": (STATUS | OF_VIEWER, None),
}  # fmt: skip


@pytest.fixture
def say(wiring):
    """Return a function that lets a person say something, and delivers it."""

    def say(person, text, **fields):
        status = person.say(text, **fields)
        jobs(wiring.services)["fanout"](status["id"])
        return status

    return say


@pytest.fixture
def carol(people):
    return people("carol")


@pytest.fixture
def one_of_each(alice, bob, carol, say, wiring):
    """Let alice be told of one of each kind; return the statuses by type."""
    alice.post(f"/api/v1/accounts/{bob.id}/follow", json={"notify": True})
    own = say(alice, "A walk")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    bob.post(f"/api/v1/statuses/{own['id']}/favourite")
    reposted = bob.post(f"/api/v1/statuses/{own['id']}/reblog").json
    jobs(wiring.services)["fanout"](reposted["id"])
    reply = say(carol, "@alice how long?", in_reply_to_id=own["id"])
    named = say(carol, "Ask @alice")
    return {"own": own, "reply": reply, "named": named, "new": say(bob, "A cake")}


def told(person, query=""):
    return [
        (n["type"], n["account"]["username"], n["status"] and n["status"]["id"])
        for n in person.get(f"{PATH}{query}").json
    ]


def test_each_kind_has_its_type_account_and_status(alice, one_of_each):
    ids = {name: status["id"] for name, status in one_of_each.items()}

    assert told(alice) == [
        ("status", "bob", ids["new"]),
        ("mention", "carol", ids["named"]),
        ("mention", "carol", ids["reply"]),
        ("reblog", "bob", ids["own"]),
        ("favourite", "bob", ids["own"]),
        ("follow", "bob", None),
    ]


def test_every_notification_has_every_key(alice, one_of_each):
    found = alice.get(PATH).json

    assert [p for one in found for p in problems(NOTIFICATION, one)] == []
    keys = [one["group_key"] for one in found]
    assert len(set(keys)) == len(keys)
    assert keys[3:5] == [
        f"{word}-{one_of_each['own']['id']}" for word in ("reblog", "favourite")
    ]


def test_an_app_chooses_types(alice, one_of_each):
    chosen = {
        "?types[]=mention": ["mention", "mention"],
        "?types[]=follow&types[]=status": ["status", "follow"],
        "?types=reblog": ["reblog"],
        "?types[]=poll": [],
        "?exclude_types[]=mention&exclude_types[]=admin.report": [
            *("status", "reblog", "favourite", "follow")
        ],
        "?types[]=mention&exclude_types[]=mention": [],
    }

    for query, types in chosen.items():
        assert [kind for kind, _, _ in told(alice, query)] == types, query


def test_an_app_chooses_an_account(alice, carol, one_of_each):
    assert {name for _, name, _ in told(alice, f"?account_id={carol.id}")} == {"carol"}
    assert told(alice, f"?account_id={alice.id}") == []


def test_pages_are_walked_both_ways(alice, one_of_each):
    everything = [n["id"] for n in alice.get(PATH).json]

    down = walk(alice, f"{PATH}?limit=2", "next")
    up = walk(alice, f"{PATH}?limit=2&min_id=0", "prev")

    assert [i for page in down for i in page] == everything
    assert [i for page in up[::-1] for i in page] == everything
    newest = links(alice.get(f"{PATH}?since_id={everything[2]}&limit=1"))
    assert list(newest) == ["next", "prev"]
    assert "max_id" in newest["next"]


def test_one_is_shown_dismissed_and_then_gone(alice, bob, one_of_each):
    first, second, *_ = alice.get(PATH).json
    path = f"{PATH}/{first['id']}"
    assert alice.get(path).json == first
    assert bob.get(path).status_code == 404
    bob.post(f"{path}/dismiss")
    assert alice.get(path).status_code == 200

    assert alice.post(f"{path}/dismiss").json == {}

    assert alice.get(path).status_code == 404
    assert alice.get(PATH).json[0] == second
    assert alice.post(f"{path}/dismiss").status_code == 200


def test_all_are_cleared_at_once_and_only_ones_own(alice, bob, one_of_each):
    before = bob.get(PATH).json
    assert alice.post(f"{PATH}/clear").json == {}

    assert alice.get(PATH).json == []
    assert bob.get(PATH).json == before != []


def test_what_is_unread_is_counted_up_to_the_marker(alice, one_of_each):
    assert alice.get(f"{PATH}/unread_count").json == {"count": 6}
    third = alice.get(PATH).json[2]["id"]

    alice.post("/api/v1/markers", json={"notifications": {"last_read_id": third}})

    assert alice.get(f"{PATH}/unread_count").json == {"count": 2}


def test_to_be_told_is_part_of_the_relationship(alice, bob):
    path = f"/api/v1/accounts/{bob.id}/follow"
    asked = f"/api/v1/accounts/relationships?id[]={bob.id}"
    for body, notifying in (
        ({}, False),
        ({"notify": "true"}, True),
        ({"reblogs": "true"}, True),
        ({"notify": False}, False),
    ):
        answer = alice.post(path, json=body)
        assert answer.json["notifying"] == notifying, body
        assert alice.get(asked).json[0]["notifying"] == notifying, body


def test_markers_answer_for_each_timeline_asked(alice):
    path = "/api/v1/markers"
    assert alice.get(path).json == {}
    assert alice.get(f"{path}?timeline[]=nowhere").json == {}

    both = alice.get(f"{path}?timeline[]=home&timeline[]=notifications").json

    assert list(both) == ["home", "notifications"]
    marker = {"last_read_id": ID, "version": int, "updated_at": TIME}
    assert [p for one in both.values() for p in problems(marker, one)] == []
    assert both["home"]["last_read_id"] == "0"


@pytest.mark.parametrize(
    "options",
    [
        {"data": {"home[last_read_id]": "17", "notifications[last_read_id]": "16"}},
        {
            "json": {
                "home": {"last_read_id": "17"},
                "notifications": {"last_read_id": "16"},
            }
        },
    ],
)
def test_markers_are_set_together_and_apart(alice, options):
    path = "/api/v1/markers"
    saved = alice.post(path, **options).json
    assert [saved[name]["last_read_id"] for name in saved] == ["17", "16"]

    again = alice.post(path, data={"home[last_read_id]": "5"}).json

    assert list(again) == ["home"]
    assert (again["home"]["last_read_id"], again["home"]["version"]) == ("5", 2)
    shown = alice.get(f"{path}?timeline[]=home&timeline[]=notifications").json
    assert shown == saved | again


@pytest.mark.parametrize(
    "body", [{"home": {}}, {"home": "17"}, {"home": {"last_read_id": "x"}}]
)
def test_a_marker_without_a_place_is_refused(alice, body):
    answer = alice.post("/api/v1/markers", json=body)

    assert answer.status_code == 422
    assert "home" in answer.json["details"]
