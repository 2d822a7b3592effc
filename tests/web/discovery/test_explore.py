"""Explore: what is trending, on pages of its own and beside wide ones."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.users import ProfileChange
from tests.wired import viewer_of

LINK = "https://example.org/rye"


@pytest.fixture
def trending(alice, bob, people, wiring):
    """Let a hashtag, a link and a kwip trend."""
    liked = alice.say(f"Rye: {LINK} #Bread")["id"]
    bob.say(f"Yes: {LINK} #bread")
    for each in (bob, people("carol")):
        each.post(f"/api/v1/statuses/{liked}/favourite")
    wiring.services.trending.recompute()


def test_each_tab_shows_what_trends(anybody, at_alice, trending, settings):
    for visitor in (anybody, at_alice):
        kwips, tags = visitor.get("/explore"), visitor.get("/explore/hashtags")
        links = visitor.get("/explore/links")

        assert len(kwips.texts) == 1
        assert "2 kwips this week" in tags.one("main").words
        assert tags.one("a", href="/tags/bread").words == "#bread"
        assert links.one("a", href=LINK).words == "example.org/rye"


def test_without_trends_the_page_says_what_makes_them_and_leads_on(anybody):
    page = anybody.get("/explore")

    assert "Nothing is trending right now" in page.one("main").words
    assert [a["href"] for a in page.with_class("button-main")] == ["/"]


def test_beside_a_page_is_a_link_that_a_script_fills_with_a_part(anybody, trending):
    side = anybody.get("/").one("section", data_part="/explore/side")
    part = anybody.get(side["data-part"])

    assert "Explore" in side.words
    assert part.one("a", href="/tags/bread").words == "#bread"
    assert not anybody.get("/explore").all("section", data_part="/explore/side")


def test_people_are_suggested_and_can_be_dismissed_without_a_script(
    at_alice, alice, bob, people, anybody, wiring
):
    carol = people("carol")
    shown = ProfileChange(is_discoverable=True, bio="Bakes bread.\nSleeps late.")
    wiring.services.users.update_profile(viewer_of(carol.user), shown)
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    bob.post(f"/api/v1/accounts/{carol.id}/follow")
    assert "No suggestions yet" in anybody.get("/explore/people").words

    page = at_alice.get("/explore/people")
    assert "@carol Bakes bread." in page.one("main").words
    assert "Sleeps late." not in page.words
    side = at_alice.get("/explore/side")
    assert side.all("button", formaction="/@carol/follow")
    familiar = at_alice.get("/@carol").one("p", data_part="/@carol/familiar")
    assert at_alice.get(familiar["data-part"]).one("p").words == "Followed by Bob"
    [button] = page.all("button", formaction="/@carol/dismiss")
    at_alice.send(button["formaction"], next="/explore/people")
    page = at_alice.get("/explore/people")
    assert page.said == "We won't suggest @carol again."
    assert "@carol" not in page.one("main").words.replace(page.said, "")
    listed = anybody.get("/directory?order=new")
    assert "@carol" in listed.one("main").words


def test_apps_get_trends_as_mastodon_writes_them(alice, trending, client):
    [tag] = alice.get("/api/v1/trends/tags").json
    [status] = client.get("/api/v1/trends/statuses").json
    [link] = client.get("/api/v1/trends/links").json

    assert client.get("/api/v1/trends").json[0]["name"] == tag["name"] == "bread"
    assert tag["following"] is False
    assert tag["history"][0] | {"day": ""} == {"day": "", "uses": "2", "accounts": "2"}
    assert status["account"]["acct"] == "alice"
    assert (link["url"], link["type"], link["provider_name"]) == (
        LINK, "link", "example.org",
    )  # fmt: skip
    assert link["history"] == tag["history"]
    assert client.get("/api/v1/trends/tags?offset=1&limit=x").status_code == 400
    assert client.get("/api/v1/trends/tags?offset=1").json == []


def test_the_directory_shows_some_of_those_who_are_active_in_any_order(
    anybody, client, people, wiring
):
    for name in ("carol", "dave"):
        person = people(name)
        shown = ProfileChange(is_discoverable=True)
        wiring.services.users.update_profile(viewer_of(person.user), shown)
        person.say("hello")
    people("erin").say("not to be found")
    wiring.services.trending.recompute()

    page = anybody.get("/directory?order=random").one("main").words
    assert "@carol" in page
    assert "@dave" in page
    found = client.get("/api/v1/directory?order=random&limit=1").json
    assert found[0]["acct"] in {"carol", "dave"}
    assert len(found) == 1
