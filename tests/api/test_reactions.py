from __future__ import annotations

import pytest

from tests.api.paging import links, walk


@pytest.mark.parametrize(
    ("act", "path"), [("favourite", "favourites"), ("bookmark", "bookmarks")]
)
def test_what_one_reacted_to_pages_by_when_one_did(alice, bob, act, path):
    said = [bob.say(f"kwip {number}")["id"] for number in range(5)]
    order = [said[2], said[0], said[4], said[1], said[3]]
    for post_id in reversed(order):
        alice.post(f"/api/v1/statuses/{post_id}/{act}")

    pages = walk(alice, f"/api/v1/{path}?limit=2", "next")

    assert pages == [order[:2], order[2:4], order[4:]]
    assert bob.get(f"/api/v1/{path}").json == []
    answer = alice.get(f"/api/v1/{path}?limit=2")
    # The cursors are those of the acts: no post's id gives them away.
    assert not any(post_id in links(answer)["next"] for post_id in order)


@pytest.mark.parametrize(
    ("act", "flag"),
    [("favourite", "favourited"), ("bookmark", "bookmarked"), ("reblog", "reblogged")],
)
def test_an_act_and_its_undoing_are_seen_at_once_and_may_be_repeated(
    alice, bob, act, flag
):
    said = bob.say("hello")
    path = f"/api/v1/statuses/{said['id']}"

    for _ in range(2):
        done = alice.post(f"{path}/{act}").json
        shown = done["reblog"] or done
        assert (shown["id"], shown[flag]) == (said["id"], True)
        assert alice.get(path).json[flag] is True
        assert bob.get(path).json[flag] is False
    for _ in range(2):
        undone = alice.post(f"{path}/un{act}").json
        assert (undone["id"], undone[flag]) == (said["id"], False)
        assert alice.get(path).json[flag] is False


def test_a_repost_carries_the_status_with_its_own_flags(alice, bob, people):
    said = alice.say("hello")
    repost = bob.post(f"/api/v1/statuses/{said['id']}/reblog").json
    carol = people("carol")
    carol.post(f"/api/v1/statuses/{said['id']}/favourite")

    seen = carol.get(f"/api/v1/statuses/{repost['id']}").json

    assert seen["account"]["username"] == "bob"
    assert seen["reblog"]["account"]["username"] == "alice"
    assert seen["reblog"]["id"] == said["id"]
    assert seen["reblog"]["favourites_count"] == 1
    for status in (seen, seen["reblog"]):
        assert status["favourited"] is True
        assert status["reblogged"] is False
    assert seen["reblog"]["reblog"] is None


def test_pins_are_of_ones_own_and_stand_in_a_list(alice, bob):
    first, second = alice.say("one")["id"], alice.say("two")["id"]
    path = f"/api/v1/accounts/{alice.id}/statuses?pinned=true"

    for post_id in (second, first):
        assert alice.post(f"/api/v1/statuses/{post_id}/pin").json["pinned"] is True

    assert [s["id"] for s in bob.get(path).json] == [first, second]
    assert bob.post(f"/api/v1/statuses/{first}/pin").status_code == 403
    assert alice.post(f"/api/v1/statuses/{first}/unpin").json["pinned"] is False
    assert [s["id"] for s in bob.get(path).json] == [second]


@pytest.mark.parametrize(
    "act", ["favourite", "reblog", "bookmark", "pin", "unfavourite", "unreblog"]
)
def test_an_act_on_what_is_not_there_is_404(alice, bob, act):
    hidden = alice.say("for followers", visibility="private")["id"]

    for post_id in (1, hidden):
        answer = bob.post(f"/api/v1/statuses/{post_id}/{act}")

        assert answer.status_code == 404
        assert answer.json["error"]


def test_a_conversation_is_muted_by_any_of_its_statuses(alice, bob):
    root = alice.say("Root")
    reply = bob.say("@alice a reply", in_reply_to_id=root["id"])
    path = f"/api/v1/statuses/{reply['id']}"

    assert alice.post(f"{path}/mute").json["muted"] is True
    home = alice.get("/api/v1/timelines/home").json
    assert [status["muted"] for status in home] == [True]
    assert bob.get(path).json["muted"] is False
    assert alice.post(f"{path}/unmute").json["muted"] is False
    assert alice.get(path).json["muted"] is False
