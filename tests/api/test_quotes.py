from __future__ import annotations

import pytest

NOT_SHOWN = {"state": "unauthorized", "quoted_status": None}


def quote(person, status, text="as she says", **fields):
    return person.say(text, quoted_status_id=status["id"], **fields)


def read(person, status):
    return person.get(f"/api/v1/statuses/{status['id']}").json


def test_a_home_shows_the_quoted_status_in_the_quote(alice, bob):
    said = alice.say("hello")
    bob.post(f"/api/v1/statuses/{said['id']}/favourite")
    made = quote(bob, said)

    [seen] = bob.get("/api/v1/timelines/home").json

    assert seen["quote"]["state"] == "accepted"
    shown = seen["quote"]["quoted_status"]
    assert (shown["id"], shown["content"]) == (said["id"], "<p>hello</p>")
    assert shown["favourited"] is True
    assert (shown["quote"], shown["quotes_count"]) == (None, 1)
    assert made["quote"]["quoted_status"]["id"] == said["id"]
    assert read(bob, made)["quote"] == seen["quote"]


def test_a_quote_in_a_quote_is_only_named(alice, bob):
    said = alice.say("hello")
    first = quote(bob, said)
    second = quote(alice, first, "")
    repost = bob.post(f"/api/v1/statuses/{second['id']}/reblog").json

    [version] = bob.get(f"/api/v1/statuses/{first['id']}/history").json
    inner = repost["reblog"]["quote"]["quoted_status"]["quote"]

    assert inner == {"state": "accepted", "quoted_status_id": said["id"]}
    assert version["quote"] == inner
    assert (repost["quote"], repost["reblog"]["content"]) == (None, "")
    assert [s["id"] for s in bob.get("/api/v1/timelines/home").json] == [
        repost["id"],
        first["id"],
    ]


@pytest.mark.parametrize(
    ("fields", "stranger", "follower"),
    [
        ({}, 200, 200),
        ({"quote_approval_policy": "followers"}, 403, 200),
        ({"quote_approval_policy": "nobody"}, 403, 403),
        ({"visibility": "private"}, 404, 403),
    ],
)
def test_the_quoted_author_decides_who_may_quote(
    alice, bob, people, fields, stranger, follower
):
    said = alice.say("hello", **fields)
    carol = people("carol")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    body = {"status": "so", "quoted_status_id": said["id"]}

    answers = [who.post("/api/v1/statuses", json=body) for who in (carol, bob, alice)]

    assert [a.status_code for a in answers] == [stranger, follower, 200]
    approval = read(bob, said)["quote_approval"]
    may = "automatic" if follower == 200 else "denied"
    assert (approval["current_user"], approval["manual"]) == (may, [])
    assert read(alice, said)["quote_approval"]["current_user"] == "automatic"


def test_what_the_viewer_may_not_see_is_not_shown_in_a_quote(alice, bob, people):
    carol = people("carol")
    said = alice.say("hello")
    quotes = [quote(bob, said), quote(alice, alice.say("for f", visibility="private"))]
    read(carol, quotes[0])

    carol.post(f"/api/v1/accounts/{alice.id}/mute")
    muted = read(carol, quotes[0])["quote"]
    path = f"/api/v1/statuses/{said['id']}/quotes"
    carol.post(f"/api/v1/accounts/{bob.id}/mute")
    alice.post(f"/api/v1/accounts/{bob.id}/mute")
    listed = [len(who.get(path).json) for who in (carol, alice, bob)]
    carol.post(f"/api/v1/accounts/{alice.id}/block")

    assert (muted["state"], muted["quoted_status"]["id"]) == (
        "muted_account",
        said["id"],
    )
    assert listed == [0, 1, 1]
    assert read(carol, quotes[0])["quote"] == NOT_SHOWN
    assert read(bob, quotes[1])["quote"] == NOT_SHOWN
    assert read(alice, quotes[1])["quote"]["state"] == "accepted"


def test_edits_and_deletions_of_the_quoted_status_show_at_once(alice, bob, wiring):
    said, other = alice.say("hello"), alice.say("other")
    first, second = quote(bob, said), quote(bob, other)
    home = bob.get("/api/v1/timelines/home").json
    assert home[1]["quote"]["quoted_status"]["content"] == "<p>hello</p>"

    path = f"/api/v1/statuses/{said['id']}"
    alice.ask("PUT", path, json={"status": "hullo"})
    [_, edited] = bob.get("/api/v1/timelines/home").json
    alice.ask("DELETE", path)
    [_, deleted] = bob.get("/api/v1/timelines/home").json
    wiring.services.moderation.suspend(alice.user.id)
    [suspended, _] = bob.get("/api/v1/timelines/home").json

    assert edited["quote"]["quoted_status"]["content"] == "<p>hullo</p>"
    assert deleted["id"] == first["id"]
    assert deleted["quote"] == {"state": "deleted", "quoted_status": None}
    assert (suspended["id"], suspended["quote"]) == (second["id"], NOT_SHOWN)


def test_the_quoted_author_takes_a_status_out_of_a_quote_for_everybody(
    alice, bob, people
):
    said = alice.say("hello")
    made = quote(bob, said)
    path = f"/api/v1/statuses/{said['id']}/quotes"
    assert [s["id"] for s in alice.get(path).json] == [made["id"]]
    bob.get("/api/v1/timelines/home")

    refused = bob.post(f"{path}/{made['id']}/revoke")
    answers = [alice.post(f"{path}/{made['id']}/revoke") for _ in range(2)]

    gone = {"state": "revoked", "quoted_status": None}
    assert refused.status_code == 403
    assert [(a.status_code, a.json["quote"]) for a in answers] == [(200, gone)] * 2
    assert bob.get("/api/v1/timelines/home").json[0]["quote"] == gone
    assert people("carol").get(path).json == alice.get(path).json == []
    assert read(alice, said)["quotes_count"] == 0
    assert alice.post(f"{path}/{said['id']}/revoke").status_code == 404


def test_quotes_are_listed_in_pages_and_without_deleted_ones(alice, bob):
    said = alice.say("hello")
    made = [quote(bob, said, f"quote {n}")["id"] for n in range(4)]
    path = f"/api/v1/statuses/{said['id']}/quotes"

    first = bob.get(f"{path}?limit=2")
    bob.ask("DELETE", f"/api/v1/statuses/{made[0]}")

    assert [s["id"] for s in first.json] == made[:1:-1]
    assert f"max_id={made[2]}" in first.headers["Link"]
    assert [s["id"] for s in alice.get(path).json] == made[:0:-1]
    assert read(alice, said)["quotes_count"] == 3


def test_who_may_quote_can_be_changed_later(alice, bob):
    said = alice.say("hello")
    path = f"/api/v1/statuses/{said['id']}/interaction_policy"
    made = quote(bob, said)

    changed = alice.ask("PUT", path, json={"quote_approval_policy": "nobody"})
    wrong = alice.ask("PUT", path, json={"quote_approval_policy": "everyone"})
    foreign = bob.ask("PUT", path, json={"quote_approval_policy": "public"})
    again = bob.post("/api/v1/statuses", json={"quoted_status_id": said["id"]})
    edit = {"status": "hello", "quote_approval_policy": "followers"}
    edited = alice.ask("PUT", f"/api/v1/statuses/{said['id']}", json=edit).json
    moved = bob.ask(
        "PUT",
        f"/api/v1/statuses/{made['id']}",
        json={"status": "so", "quoted_status_id": made["id"]},
    )

    assert changed.json["quote_approval"]["automatic"] == []
    assert (wrong.status_code, foreign.status_code, again.status_code) == (
        *(422, 403, 403),
    )
    assert list(wrong.json["details"]) == ["quote_approval_policy"]
    assert read(bob, made)["quote"]["state"] == "accepted"
    assert edited["quote_approval"]["automatic"] == ["followers"]
    assert edited["edited_at"] is None
    assert list(moved.json["details"]) == ["quoted_status_id"]


def test_an_edit_that_is_refused_leaves_who_may_quote_as_it_was(alice, bob):
    said = alice.say("hello")
    edit = {"status": "", "quote_approval_policy": "nobody"}

    refused = alice.ask("PUT", f"/api/v1/statuses/{said['id']}", json=edit)

    assert refused.status_code == 422
    assert quote(bob, said)["quote"]["state"] == "accepted"


def test_the_address_of_a_status_at_the_end_of_a_text_makes_a_quote(alice, bob):
    said, closed = alice.say("hello"), alice.say("no", quote_approval_policy="nobody")
    within = bob.say(f"look: {said['url']} and so on")

    made, alone = bob.say(f"look:\n{said['url']}"), bob.say(said["url"])
    kept = bob.say(f"look: {closed['url']}")

    assert made["quote"]["quoted_status"]["id"] == said["id"]
    assert made["content"] == "<p>look:</p>"
    assert (alone["content"], alone["quote"]["state"]) == ("", "accepted")
    assert kept["quote"] is within["quote"] is None
    assert closed["url"] in kept["content"].replace("<wbr>", "")
