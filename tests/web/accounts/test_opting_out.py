"""What people leave: search, trends, search engines, lists of followers, counts."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange
from tests.wired import viewer_of


@pytest.fixture
def choose(wiring, alice):
    """Return a function that changes alice's settings."""

    def choose(**changes):
        change = ProfileChange(**changes)
        wiring.services.users.update_profile(viewer_of(alice.user), change)

    return choose


def test_search_finds_kwips_only_of_those_who_let_it(
    alice, bob, client, anybody, choose, wiring
):
    made = alice.say("Plums and bread")["id"]
    fanout = wiring.services.fanout
    fanout.deliver(fanout.begin(int(made)))

    def found(ask):
        return len(ask.get("/api/v2/search?q=plums&type=statuses").json["statuses"])

    def on_other_sites():
        return len(client.get("/api/widgets/v1/search?q=plums").json["posts"])

    assert (found(bob), found(alice), on_other_sites()) == (1, 1, 1)
    choose(is_indexable=False)
    assert (found(bob), found(alice), on_other_sites()) == (0, 1, 0)
    assert not anybody.get("/search?q=plums").texts
    assert bob.get(f"/api/v1/accounts/{alice.id}").json["indexable"] is False


def test_trends_leave_out_who_does_not_want_to_be_in_them(
    alice, bob, people, client, choose, wiring
):
    made = alice.say("Popular #bread")["id"]
    for each in (bob, people("carol")):
        each.post(f"/api/v1/statuses/{made}/favourite")
    wiring.services.trending.recompute()

    assert len(client.get("/api/v1/trends/statuses").json) == 1
    choose(may_trend=False)
    assert client.get("/api/v1/trends/statuses").json == []


def test_pages_ask_search_engines_to_leave_them_out(alice, anybody, client, choose):
    made = alice.say("Hello")["id"]
    year = made and alice.get(f"/api/v1/statuses/{made}").json["created_at"][:4]
    places = ["", f"/{made}", "/stats", f"/{year}"]

    def asked():
        pages = [anybody.get(f"/@alice{place}") for place in places]
        return [len(page.all("meta", name="robots")) for page in pages]

    assert asked() == [0] * 4
    choose(is_crawlable=False)
    assert asked() == [1] * 4
    assert client.get(f"/api/v1/accounts/{alice.id}").json["noindex"] is True


def test_hidden_lists_of_people_are_their_owners_alone(
    alice, bob, people, client, anybody, at_alice, choose
):
    carol = people("carol")
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    carol.post(f"/api/v1/accounts/{bob.id}/follow")
    alice.post(f"/api/v1/accounts/{bob.id}/follow")

    def listed(ask):
        path = f"/api/v1/accounts/{alice.id}"
        both = [ask.get(f"{path}/{name}").json for name in ("followers", "following")]
        return [[each["acct"] for each in some] for some in both]

    def familiar():
        path = f"/api/v1/accounts/familiar_followers?id[]={alice.id}"
        return len(carol.get(path).json[0]["accounts"])

    assert (listed(client), familiar()) == ([["bob"], ["bob"]], 1)
    choose(hides_collections=True)
    assert (listed(client), listed(carol), familiar()) == ([[], []], [[], []], 0)
    assert listed(alice) == [["bob"], ["bob"]]
    for name in ("followers", "following"):
        assert "@alice chose to hide it" in anybody.get(f"/@alice/{name}").words
        assert "@bob" in at_alice.get(f"/@alice/{name}").one("main").words
    shown = client.get(f"/api/v1/accounts/{alice.id}").json
    assert (shown["hide_collections"], shown["followers_count"]) == (True, 1)


def test_counts_are_hidden_from_readers_who_want_that(
    alice, bob, at_alice, at_bob, choose
):
    made = bob.say("Hello")["id"]
    alice.post(f"/api/v1/statuses/{made}/favourite")
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    assert [e.words for e in at_alice.get(f"/@bob/{made}").with_class("count")][-1]

    at_alice.send("/settings/reading", hides_counts="1", folds_repeats="1", undo_s="0")
    assert not at_alice.get(f"/@bob/{made}").with_class("count")
    assert "1 follower" not in at_alice.get("/@bob").words
    assert "1 follower" in at_bob.get("/@bob").words


def test_one_page_of_settings_has_all_opt_outs(at_alice, alice):
    page = at_alice.get("/settings/privacy")
    on = {"is_indexable", "is_crawlable", "may_trend", "is_embeddable"}
    off = {"is_discoverable", "hides_collections", "shows_favourites"}
    found = page.all("input", type="checkbox")
    boxes = {each["name"]: "checked" in each.attributes for each in found}
    assert {name: boxes[name] for name in on | off} == dict.fromkeys(on, True) | (
        dict.fromkeys(off, False)
    )

    at_alice.send("/settings/privacy", hides_collections="1")
    source = alice.get("/api/v1/accounts/verify_credentials").json["source"]
    assert (source["indexable"], source["hide_collections"]) == (False, True)
    sent = {"indexable": True, "hide_collections": False}
    alice.ask("PATCH", "/api/v1/accounts/update_credentials", json=sent)
    source = alice.get("/api/v1/accounts/verify_credentials").json["source"]
    assert (source["indexable"], source["hide_collections"]) == (True, False)
