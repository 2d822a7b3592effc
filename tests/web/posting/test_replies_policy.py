"""Who may reply: chosen with a kwip, by default, and later; enforced everywhere."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.errors import ForbiddenError
from kwip.domain.posting.posts import Draft, ReplyPolicy
from tests.wired import viewer_of


@pytest.fixture
def limited(alice, bob):
    """Let alice write for her followers' replies, and mention bob in another kwip."""
    return {
        policy: alice.say(text, reply_approval_policy=policy)["id"]
        for policy, text in (
            ("followers", "Only followers"),
            ("mentioned", "@bob Only you"),
        )
    }


def answer(person, post_id):
    sent = {"status": "A reply", "in_reply_to_id": post_id}
    return person.post("/api/v1/statuses", json=sent)


def test_only_those_may_reply_whom_the_author_lets(alice, bob, people, limited):
    carol = people("carol")
    carol.post(f"/api/v1/accounts/{alice.id}/follow")

    assert answer(bob, limited["followers"]).status_code == 403
    assert answer(carol, limited["followers"]).status_code == 200
    assert answer(bob, limited["mentioned"]).status_code == 200
    refused = answer(carol, limited["mentioned"])
    assert refused.status_code == 403
    assert "Only people mentioned" in refused.json["error"]
    assert answer(alice, limited["mentioned"]).status_code == 200


def test_a_reply_to_a_reply_is_in_the_same_conversation(alice, bob, people, limited):
    carol = people("carol")
    carol.post(f"/api/v1/accounts/{alice.id}/follow")
    below = answer(carol, limited["followers"]).json

    assert answer(bob, below["id"]).status_code == 403
    shown = bob.get(f"/api/v1/statuses/{below['id']}").json["reply_approval"]
    assert shown == {
        "automatic": ["followers"],
        "manual": [],
        "current_user": "unknown",
    }
    assert answer(alice, below["id"]).status_code == 200


def test_scheduled_kwips_are_refused_when_their_time_comes(wiring, bob, limited):
    draft = Draft(text="Later", in_reply_to_id=int(limited["followers"]))

    with pytest.raises(ForbiddenError, match="Only followers"):
        wiring.services.posts.publish(bob.user.id, draft)


def test_readers_see_who_can_reply_and_get_no_form(
    anybody, at_bob, at_alice, limited, alice, bob
):
    place = f"/@alice/{limited['followers']}"
    page = at_bob.get(place)

    assert "Only followers can reply" in page.one("main").words
    assert not page.all("textarea")
    at_bob.get(f"{place}/reply", 403)
    sent = {"text": "No", "key": "k", "in_reply_to_id": limited["followers"]}
    assert at_bob.post("/compose", **sent).status_code == 403
    assert "Only followers can reply" in anybody.get(place).one("main").words
    assert at_alice.get(place).all("textarea")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    assert at_bob.get(place).all("textarea")


def test_settings_decide_what_a_kwip_does_not_say(at_alice, alice, bob):
    at_alice.send("/settings/privacy", reply_policy="mentioned", quote_policy="nobody")

    by_default = alice.say("As I always do")
    assert by_default["reply_approval"]["automatic"] == ["mentioned"]
    assert by_default["quote_approval"]["automatic"] == []
    assert at_alice.get("/compose").value("reply_policy") == "mentioned"
    assert answer(bob, by_default["id"]).status_code == 403
    open_to_all = alice.say("Now", reply_approval_policy="public")
    assert answer(bob, open_to_all["id"]).status_code == 200
    source = alice.get("/api/v1/accounts/verify_credentials").json["source"]
    assert (source["reply_policy"], source["quote_policy"]) == ("mentioned", "nobody")
    refused = {"status": "x", "reply_approval_policy": "friends"}
    assert alice.post("/api/v1/statuses", json=refused).status_code == 422


def test_the_author_can_change_it_later(at_alice, alice, bob):
    made = alice.say("For all")["id"]
    assert answer(bob, made).status_code == 200

    at_alice.send(f"/@alice/{made}/quotes", policy="public", reply_policy="mentioned")
    assert answer(bob, made).status_code == 403
    path = f"/api/v1/statuses/{made}/interaction_policy"
    shown = alice.ask("PUT", path, json={"reply_approval_policy": "public"}).json
    assert shown["reply_approval"]["current_user"] == "automatic"
    assert answer(bob, made).status_code == 200


def test_an_edit_keeps_it(wiring, alice):
    viewer = viewer_of(alice.user)
    followers = ProfileChange(reply_policy=ReplyPolicy.FOLLOWERS)
    wiring.services.users.update_profile(viewer, followers)
    made = alice.say("First")

    edited = alice.ask("PUT", f"/api/v1/statuses/{made['id']}", json={"status": "2nd"})
    assert edited.json["reply_approval"]["automatic"] == ["followers"]
