from __future__ import annotations

import pytest

from tests.api.paging import links, walk


@pytest.fixture
def crowd(people):
    """Return five people, the newest account first."""
    found = [people(f"p{number}") for number in range(5)]
    return sorted(found, key=lambda one: int(one.id), reverse=True)


def follow(follower, followee):
    answer = follower.post(f"/api/v1/accounts/{followee.id}/follow")
    assert answer.status_code == 200


def ids(answer):
    return [account["id"] for account in answer.json]


def pages_of(crowd):
    found = [one.id for one in crowd]
    return [found[:2], found[2:4], found[4:]]


def test_followers_page_to_their_end_and_back(alice, client, crowd):
    for one in crowd:
        follow(one, alice)
    path = f"/api/v1/accounts/{alice.id}/followers?limit=2"

    assert walk(client, path, "next") == pages_of(crowd)
    last = links(client.get(links(client.get(path))["next"]))
    assert list(last) == ["next", "prev"]
    assert ids(client.get(last["prev"])) == pages_of(crowd)[0]


def test_following_pages_to_its_end(alice, client, crowd):
    for one in crowd:
        follow(alice, one)

    path = f"/api/v1/accounts/{alice.id}/following?limit=2"

    assert walk(client, path, "next") == pages_of(crowd)
    assert walk(alice, path, "next") == pages_of(crowd)


@pytest.mark.parametrize(("verb", "path"), [("block", "blocks"), ("mute", "mutes")])
def test_whom_one_keeps_away_stands_in_a_list_of_ones_own(
    alice, bob, crowd, verb, path
):
    for one in crowd:
        alice.post(f"/api/v1/accounts/{one.id}/{verb}")

    assert walk(alice, f"/api/v1/{path}?limit=2", "next") == pages_of(crowd)
    assert bob.get(f"/api/v1/{path}").json == []
    alice.post(f"/api/v1/accounts/{crowd[0].id}/un{verb}")
    assert ids(alice.get(f"/api/v1/{path}")) == [one.id for one in crowd[1:]]


@pytest.mark.parametrize(
    ("act", "path"), [("favourite", "favourited_by"), ("reblog", "reblogged_by")]
)
def test_who_reacted_stands_below_the_post_newest_first(
    alice, client, crowd, act, path
):
    status = alice.say("hello")
    for one in reversed(crowd):
        one.post(f"/api/v1/statuses/{status['id']}/{act}")

    below = f"/api/v1/statuses/{status['id']}/{path}"

    assert walk(client, f"{below}?limit=2", "next") == pages_of(crowd)
    crowd[0].post(f"/api/v1/statuses/{status['id']}/un{act}")
    assert ids(client.get(below)) == [one.id for one in crowd[1:]]


def test_who_blocks_the_viewer_is_in_no_list(alice, bob, client):
    status = alice.say("hello")
    follow(bob, alice)
    bob.post(f"/api/v1/statuses/{status['id']}/favourite")
    paths = [
        f"/api/v1/accounts/{alice.id}/followers",
        f"/api/v1/statuses/{status['id']}/favourited_by",
    ]
    for path in paths:
        assert ids(alice.get(path)) == [bob.id]

    bob.post(f"/api/v1/accounts/{alice.id}/block")

    for path in paths:
        assert alice.get(path).json == []


@pytest.mark.parametrize(
    "path",
    [
        "accounts/1/followers",
        "accounts/1/following",
        "statuses/1/favourited_by",
        "statuses/1/reblogged_by",
    ],
)
def test_a_list_below_nobody_and_nothing_is_404(alice, path):
    answer = alice.get(f"/api/v1/{path}")

    assert answer.status_code == 404
    assert answer.json["error"]


def test_who_reacted_to_what_is_not_for_the_viewer_is_not_told(alice, bob):
    status = alice.say("for followers", visibility="private")

    answer = bob.get(f"/api/v1/statuses/{status['id']}/favourited_by")

    assert answer.status_code == 404


def test_a_follower_can_be_sent_away_and_may_come_again(alice, bob):
    follow(bob, alice)
    path = f"/api/v1/accounts/{bob.id}/remove_from_followers"

    for _ in range(2):
        answer = alice.post(path)

        assert answer.status_code == 200
        assert answer.json["id"] == bob.id
        assert answer.json["followed_by"] is False
    assert alice.get(f"/api/v1/accounts/{alice.id}/followers").json == []
    follow(bob, alice)
    assert ids(alice.get(f"/api/v1/accounts/{alice.id}/followers")) == [bob.id]


def test_followers_that_one_knows_are_asked_for_by_id(alice, bob, people):
    carol = people("carol")
    follow(alice, carol)
    follow(carol, bob)
    path = f"/api/v1/accounts/familiar_followers?id[]={bob.id}&id[]=1"

    answer = alice.get(path)

    assert [each["id"] for each in answer.json] == [bob.id, "1"]
    assert [[one["id"] for one in each["accounts"]] for each in answer.json] == [
        [carol.id],
        [],
    ]


def test_apps_get_suggestions_and_dismiss_them_and_read_the_directory(
    alice, bob, people
):
    carol = people("carol")
    follow(alice, bob)
    follow(bob, carol)
    shown = {"discoverable": True}
    assert (
        carol.ask("PATCH", "/api/v1/accounts/update_credentials", json=shown).json[
            "discoverable"
        ]
        is True
    )

    [found] = alice.get("/api/v2/suggestions").json
    assert (found["source"], found["sources"]) == (
        "past_interactions", ["friends_of_friends"],
    )  # fmt: skip
    assert found["account"]["acct"] == "carol"
    assert ids(alice.get("/api/v1/suggestions")) == [carol.id]
    for _ in range(2):
        answer = alice.ask("DELETE", f"/api/v1/suggestions/{carol.id}")
        assert (answer.status_code, answer.json) == (200, {})
    assert alice.get("/api/v2/suggestions").json == []
    assert ids(alice.get("/api/v1/directory?order=new")) == [carol.id]
    assert alice.get("/api/v1/directory?order=old").status_code == 400
