"""People whom somebody features on their profile: on pages and in apps."""

from __future__ import annotations


def test_a_profile_features_people_whom_its_owner_follows(
    alice, bob, at_alice, anybody, client
):
    refused = alice.post(f"/api/v1/accounts/{bob.id}/endorse")
    assert refused.status_code == 422
    alice.post(f"/api/v1/accounts/{bob.id}/follow")

    button = at_alice.get("/@bob").one("button", formaction="/@bob/endorse")
    at_alice.send(button["formaction"])
    link = anybody.get("/@alice").one("a", href="/@alice/featured")
    assert "@bob" in anybody.get(link["href"]).one("main").words
    [featured] = client.get(f"/api/v1/accounts/{alice.id}/endorsements").json
    assert featured["acct"] == "bob"
    [tie] = alice.get(f"/api/v1/accounts/relationships?id[]={bob.id}").json
    assert tie["endorsed"] is True
    at_alice.send("/@bob/unendorse")
    assert alice.get("/api/v1/endorsements").json == []
    assert not anybody.get("/@alice").all("a", href="/@alice/featured")


def test_who_is_featured_is_hidden_as_elsewhere(alice, bob, people, client, wiring):
    def featured(ask):
        path = f"/api/v1/accounts/{alice.id}/endorsements"
        return [each["acct"] for each in ask.get(path).json]

    carol = people("carol")
    for other in (bob, carol):
        alice.post(f"/api/v1/accounts/{other.id}/follow")
        shown = alice.post(f"/api/v1/accounts/{other.id}/endorse").json
        assert shown["endorsed"] is True
    assert featured(client) == ["carol", "bob"]
    carol.post(f"/api/v1/accounts/{bob.id}/block")
    assert featured(carol) == ["carol"]
    wiring.services.moderation.suspend(bob.user.id)
    assert featured(client) == ["carol"]
    alice.post(f"/api/v1/accounts/{carol.id}/unfollow")
    assert featured(client) == []
