from __future__ import annotations

import pytest

ASKED = {"options": ["Rye", "Wheat"], "expires_in": 3_600}


@pytest.fixture
def asked(alice):
    return alice.say("Which?", poll=ASKED)["poll"]


def path_of(poll):
    return f"/api/v1/polls/{poll['id']}"


def vote(person, poll, *choices):
    return person.post(f"{path_of(poll)}/votes", json={"choices": list(choices)})


def test_a_status_has_its_poll_for_everybody(alice, bob, client):
    status = alice.say("Which?", poll=ASKED | {"multiple": True})
    poll = client.get(f"/api/v1/statuses/{status['id']}").json["poll"]

    assert poll.pop("expires_at") > status["created_at"]
    assert poll == {
        "id": status["id"],
        "expired": False,
        "multiple": True,
        "votes_count": 0,
        "voters_count": 0,
        "options": [
            {"title": "Rye", "votes_count": 0},
            {"title": "Wheat", "votes_count": 0},
        ],
        "emojis": [],
    }
    of_author = {"voted": True, "own_votes": []}
    assert status["poll"].items() >= of_author.items()
    of_other = bob.get(path_of(poll)).json
    assert of_other.items() >= {"voted": False, "own_votes": []}.items()


def test_a_vote_answers_the_poll_and_is_seen_in_timelines(alice, bob, client, asked):
    answer = vote(bob, asked, 1)

    assert answer.status_code == 200
    assert answer.json["options"][1] == {"title": "Wheat", "votes_count": 1}
    assert (answer.json["voted"], answer.json["own_votes"]) == (True, [1])
    (shown,) = bob.get("/api/v1/timelines/public").json
    assert shown["poll"] == answer.json
    assert bob.get(path_of(asked)).json == answer.json
    assert client.get(path_of(asked)).json["voters_count"] == 1


def test_a_poll_is_asked_and_answered_with_a_form(alice, bob):
    status = alice.post(
        "/api/v1/statuses",
        data={
            "status": "Which?",
            "poll[options][]": ["Rye", "Wheat", ""],
            "poll[expires_in]": "300",
            "poll[multiple]": "true",
            "poll[hide_totals]": "1",
        },
    ).json
    poll = status["poll"]
    answer = bob.post(f"{path_of(poll)}/votes", data={"choices[]": ["0", "1"]}).json

    assert answer["own_votes"] == [0, 1]
    assert (answer["votes_count"], answer["voters_count"]) == (2, 1)
    assert [each["votes_count"] for each in answer["options"]] == [None, None]


@pytest.mark.parametrize(
    ("choices", "why"),
    [
        ([], "Choose an option."),
        ([2], "This option does not exist."),
        ([0, 1], "Choose only one option."),
        (["x"], "Use the numbers of options."),
    ],
)
def test_a_vote_that_cannot_be_counted_is_422(bob, asked, choices, why):
    answer = vote(bob, asked, *choices)

    assert answer.status_code == 422
    assert why in answer.json["details"]["choices"][0]["description"]


def test_a_second_vote_and_one_s_own_are_422(alice, bob, asked):
    vote(bob, asked, 0)

    for person in (alice, bob):
        assert vote(person, asked, 0).status_code == 422


def test_polls_that_cannot_be_used_are_422_and_nothing_is_posted(alice):
    for poll in (
        {"options": ["a", "b"], "expires_in": "soon"},
        {"options": ["a", "b"]},
        {"options": ["a", "b"], "expires_in": None},
        {"options": ["a", "b\0"], "expires_in": 300},
        {"options": {"a": "b"}, "expires_in": 300},
        {"options": ["a"] * 101, "expires_in": 300},
    ):
        answer = alice.post("/api/v1/statuses", json={"status": "Which?", "poll": poll})
        assert answer.status_code == 422, poll
        assert list(answer.json["details"]) == ["poll"]

    assert alice.get("/api/v1/timelines/home").json == []


def test_what_has_no_poll_and_what_is_hidden_is_404(alice, bob, client):
    plain = alice.say("Hello")
    secret = alice.say("Which?", visibility="private", poll=ASKED)

    for person, status in ((alice, plain), (bob, secret), (client, secret)):
        assert person.get(path_of(status)).status_code == 404
    for status in (plain, secret):
        assert vote(bob, status, 0).status_code == 404


def test_the_same_key_with_another_poll_is_refused(alice):
    key = {"Idempotency-Key": "once"}
    bodies = [{"status": "Which?", "poll": ASKED | {"expires_in": n}} for n in (300, 9)]
    first = alice.post("/api/v1/statuses", json=bodies[0], headers=key).json
    again = alice.post("/api/v1/statuses", json=bodies[0], headers=key).json

    assert first["id"] == again["id"]
    bodies[1]["poll"]["expires_in"] = 600
    other = alice.post("/api/v1/statuses", json=bodies[1], headers=key)
    assert other.status_code == 422


def edit(person, asked, **changes):
    path = f"/api/v1/statuses/{asked['id']}"
    return person.ask("PUT", path, json={"status": "Which?", **changes})


def test_an_edit_keeps_replaces_or_removes_the_poll(alice, bob, asked):
    vote(bob, asked, 1)
    kept = [
        edit(alice, asked, status="Which one?").json["poll"],
        edit(alice, asked, poll=ASKED | {"hide_totals": True}).json["poll"],
    ]
    other = edit(alice, asked, poll=ASKED | {"options": ["Spelt", "Oats"]}).json["poll"]
    gone = edit(alice, asked, poll=None).json["poll"]
    versions = alice.get(f"/api/v1/statuses/{asked['id']}/history").json

    assert [poll["voters_count"] for poll in kept] == [1, 1]
    assert (other["voters_count"], gone) == (0, None)
    assert [v["poll"] and v["poll"]["options"][0]["title"] for v in versions] == [
        *("Rye", "Rye", "Rye"),
        *("Spelt", None),
    ]


@pytest.mark.parametrize(
    "poll", [{"options": ["a"], "expires_in": 300}, {"options": 3}]
)
def test_an_edit_with_a_wrong_poll_is_422_and_changes_nothing(alice, asked, poll):
    answer = edit(alice, asked, status="Else", poll=poll)

    assert answer.status_code == 422
    assert list(answer.json["details"]) == ["poll"]
    assert alice.get(path_of(asked)).json == asked
    assert len(alice.get(f"/api/v1/statuses/{asked['id']}/history").json) == 1
