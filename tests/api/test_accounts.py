from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange, ProfileField, Viewer

ACCOUNT_KEYS = {
    "id", "username", "acct", "display_name", "locked", "bot", "group",
    "discoverable", "created_at", "note", "url", "uri", "avatar", "avatar_static",
    "header", "header_static", "followers_count", "following_count",
    "statuses_count", "last_status_at", "emojis", "fields", "roles",
}  # fmt: skip
RELATIONSHIP_KEYS = {
    "id", "following", "showing_reblogs", "notifying", "languages", "followed_by",
    "blocking", "blocked_by", "muting", "muting_notifications", "requested",
    "requested_by", "domain_blocking", "endorsed", "note",
}  # fmt: skip


def relationship(viewer, other):
    path = f"/api/v1/accounts/relationships?id[]={other.id}"
    return viewer.get(path).json[0]


def test_an_account_has_every_key_that_apps_expect(alice, client, settings):
    account = client.get(f"/api/v1/accounts/{alice.id}").json

    assert set(account) >= ACCOUNT_KEYS
    assert account["id"] == alice.id
    assert account["acct"] == account["username"] == "alice"
    assert account["display_name"] == "Alice"
    assert account["url"] == f"{settings.origin}/@alice"
    for key in ("avatar", "avatar_static", "header", "header_static"):
        folder = "avatars" if key.startswith("avatar") else "static"
        assert account[key].startswith(f"{settings.origin}/{folder}/")
        with client.get(account[key].removeprefix(settings.origin)) as picture:
            assert picture.status_code == 200


def test_an_app_learns_whose_token_it_holds(alice, wiring):
    wiring.services.users.update_profile(
        viewer_of(alice),
        ProfileChange(
            display_name="",
            bio="I <3 https://example.org",
            fields=(ProfileField("Page", "at https://example.org"),),
        ),
    )

    account = alice.get("/api/v1/accounts/verify_credentials").json

    assert account["id"] == alice.id
    assert account["display_name"] == "alice"
    assert '<a href="https://example.org"' in account["note"]
    assert "I &lt;3 " in account["note"]
    [line] = account["fields"]
    assert line["name"] == "Page"
    assert line["value"].startswith('at <a href="https://example.org"')
    assert account["source"] == {
        "privacy": "public",
        "sensitive": False,
        "language": None,
        "quote_policy": "public",
        "reply_policy": "public",
        "note": "I <3 https://example.org",
        "fields": [
            {"name": "Page", "value": "at https://example.org", "verified_at": None}
        ],
        "follow_requests_count": 0,
        "discoverable": False,
        "indexable": True,
        "hide_collections": False,
    }


def viewer_of(person):
    return Viewer(id=person.user.id, username=person.user.username, digest="")


@pytest.mark.parametrize(
    "acct",
    ["alice", "@alice", "ALICE", "alice@127.0.0.1:8000", "@Alice@127.0.0.1:8000"],
)
def test_an_account_is_found_by_its_name(alice, client, acct):
    answer = client.get("/api/v1/accounts/lookup", query_string={"acct": acct})

    assert answer.json["id"] == alice.id


@pytest.mark.parametrize(
    ("acct", "number"),
    [
        ("nobody", 404),
        ("alice@elsewhere.example", 404),
        ("@", 404),
        ("a b", 404),
        ("x" * 10_000, 404),
        ("\0", 400),
        (None, 400),
    ],
)
def test_an_account_that_is_not_here_is_not_found(alice, client, acct, number):
    query = {} if acct is None else {"acct": acct}

    answer = client.get("/api/v1/accounts/lookup", query_string=query)

    assert answer.status_code == number
    assert answer.json["error"]


def test_an_account_that_nobody_has_is_404(client):
    for path in ("/api/v1/accounts/1", "/api/v1/accounts/1/statuses"):
        assert client.get(path).status_code == 404


def test_statuses_of_an_account_can_leave_out_its_replies(alice, bob, client):
    other = bob.say("hello")
    own = alice.say("mine")
    thread = alice.say("more of mine", in_reply_to_id=own["id"])
    reply = alice.say("@bob hi", in_reply_to_id=other["id"])
    path = f"/api/v1/accounts/{alice.id}/statuses"

    everything = client.get(path)
    without = client.get(f"{path}?exclude_replies=true&exclude_reblogs=1")

    assert [s["id"] for s in everything.json] == [s["id"] for s in (reply, thread, own)]
    assert [s["id"] for s in without.json] == [thread["id"], own["id"]]


@pytest.mark.parametrize("only", ["remote", "only_media", "pinned", "tagged"])
def test_asked_for_what_kwip_does_not_have_an_account_has_none(alice, client, only):
    alice.say("hello")
    path = f"/api/v1/accounts/{alice.id}/statuses"

    answer = client.get(f"{path}?{only}=true")

    assert answer.json == []
    assert "Link" not in answer.headers
    if only != "tagged":
        assert len(client.get(f"{path}?{only}=false").json) == 1


def test_a_follow_is_seen_from_both_sides(alice, bob):
    answer = alice.post(f"/api/v1/accounts/{bob.id}/follow", json={"reblogs": True})

    assert answer.status_code == 200
    assert set(answer.json) >= RELATIONSHIP_KEYS
    assert answer.json == relationship(alice, bob)
    assert answer.json["following"] is True
    assert answer.json["showing_reblogs"] is True
    assert answer.json["followed_by"] is False
    assert relationship(bob, alice)["followed_by"] is True
    account = alice.get(f"/api/v1/accounts/{bob.id}").json
    assert account["followers_count"] == 1

    ended = alice.post(f"/api/v1/accounts/{bob.id}/unfollow")

    assert ended.json["following"] is False
    assert relationship(bob, alice)["followed_by"] is False


def test_a_mute_is_for_oneself(alice, bob):
    muted = alice.post(
        f"/api/v1/accounts/{bob.id}/mute", data={"notifications": "true", "duration": 0}
    )

    assert muted.json["muting"] is True
    assert muted.json["muting_notifications"] is True
    assert relationship(bob, alice)["muting"] is False
    assert alice.post(f"/api/v1/accounts/{bob.id}/unmute").json["muting"] is False


def test_a_block_hides_each_from_the_other_at_once(alice, bob):
    status = bob.say("hello")
    path = f"/api/v1/statuses/{status['id']}"
    alice.get(path)

    blocked = bob.post(f"/api/v1/accounts/{alice.id}/block")

    assert blocked.json["blocking"] is True
    assert relationship(alice, bob)["blocked_by"] is True
    assert alice.get(path).status_code == 404
    assert alice.post(f"/api/v1/accounts/{bob.id}/follow").status_code == 403
    assert bob.post(f"/api/v1/accounts/{alice.id}/unblock").json["blocking"] is False
    assert alice.get(path).status_code == 200


@pytest.mark.parametrize("verb", ["follow", "unfollow", "block", "mute"])
def test_a_relation_to_oneself_or_to_nobody_is_refused(alice, verb):
    assert alice.post(f"/api/v1/accounts/{alice.id}/{verb}").status_code == 422
    assert alice.post(f"/api/v1/accounts/1/{verb}").status_code == 404


def test_relationships_are_asked_for_in_every_form_of_a_list(alice, bob, people):
    carol = people("carol")
    path = "/api/v1/accounts/relationships"

    for query in (
        f"id[]={bob.id}&id[]={carol.id}",
        f"id%5B%5D={bob.id}&id%5B%5D={carol.id}&with_suspended=true",
        f"id[]={bob.id}&id[]={carol.id}&id[]={bob.id}",
    ):
        found = alice.get(f"{path}?{query}").json
        assert [one["id"] for one in found] == [bob.id, carol.id]
    assert [one["id"] for one in alice.get(f"{path}?id={bob.id}").json] == [bob.id]
    assert alice.get(path).json == []


@pytest.mark.parametrize(
    "query", ["id[]=x", "id[]=-1", "id[a]=1", "&".join(["id[]=1"] * 81)]
)
def test_relationships_to_nonsense_or_to_everybody_are_refused(alice, query):
    answer = alice.get(f"/api/v1/accounts/relationships?{query}")

    assert answer.status_code == 400
    assert list(answer.json["details"]) == ["id"]
