"""The widget of one post."""

from __future__ import annotations

from tests.widgets.test_widgets import ROOT


def single(client, post_id):
    return client.get(f"{ROOT}/post/{post_id}")


def test_one_post_can_be_asked_for(client, alice, bob):
    root = alice.say("root")["id"]
    reply = bob.say("reply", in_reply_to_id=root, quoted_status_id=root)["id"]
    repost = bob.post(f"/api/v1/statuses/{root}/reblog").json["id"]
    thread = client.get(f"{ROOT}/thread/{root}").json["posts"]

    for post_id, expected in ((root, thread[0]), (reply, thread[1])):
        answer = single(client, post_id)
        assert answer.json == {"version": 1, "post": expected}
    assert single(client, repost).json["post"]["id"] == root
    assert single(client, repost).json["post"]["reposted_by"] is None
    wrong = client.get(f"{ROOT}/post/{root}?limit=1")
    assert (wrong.status_code, list(wrong.json["details"])) == (400, ["limit"])


def test_a_post_that_is_gone_is_answered_as_its_thread_is(client, alice, bob):
    gone = alice.say("root")["id"]
    bob.say("reply", in_reply_to_id=gone)
    hidden = alice.say("hidden", visibility="private")["id"]
    assert single(client, gone).status_code == 200

    alice.ask("DELETE", f"/api/v1/statuses/{gone}")

    for post_id, says in (
        (gone, "This kwip was deleted."),
        (hidden, "Kwip not found."),
        ("1", "Kwip not found."),
    ):
        answer = single(client, post_id)
        assert (answer.status_code, answer.json) == (404, {"error": says})
        assert answer.json == client.get(f"{ROOT}/thread/{post_id}").json
