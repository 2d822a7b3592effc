"""The search page: its field, its tabs, and what it says."""

from __future__ import annotations

import pytest


@pytest.fixture
def say(alice, wiring):
    """Return a function that publishes a kwip and indexes it."""

    def say(text):
        post_id = int(alice.say(text)["id"])
        if lease := wiring.services.fanout.begin(post_id):
            wiring.services.fanout.deliver(lease)

    return say


def test_a_kwip_is_found_and_the_field_keeps_the_words(anybody, say):
    say("Green tea at noon")

    page = anybody.get("/search?q=tea+noon")

    assert page.texts == ["Green tea at noon"]
    assert page.one("input", id="q")["value"] == "tea noon"


def test_tabs_lead_to_the_same_words_among_others(anybody, say):
    say("Hello #alpaca")

    page = anybody.get("/search?q=al")
    links = {a.words: a["href"] for a in page.all("a") if "q=al" in a["href"]}
    tabs = {words: links[words] for words in ("Kwips", "People", "Hashtags")}

    assert tabs == {
        "Kwips": "/search?q=al",
        "People": "/search?q=al&type=accounts",
        "Hashtags": "/search?q=al&type=hashtags",
    }
    assert "@alice" in anybody.get(tabs["People"]).html
    found = anybody.get(tabs["Hashtags"])
    assert found.one("a", href="/tags/alpaca").words == "#alpaca"
    assert "1 kwip this week" in " ".join(found.html.split()).replace("<b>1</b>", "1")


def test_a_name_or_a_hashtag_opens_the_tab_of_its_kind(anybody, say):
    say("Hello #alpaca from @alice")

    people, tags = anybody.get("/search?q=@alice"), anybody.get("/search?q=%23alpaca")
    named = people.one("a", href="/search?q=%40alice&type=statuses")

    assert "@alice" in people.one("ul", class_="people").words
    assert tags.one("a", href="/tags/alpaca").words == "#alpaca"
    assert anybody.get(named["href"]).texts == ["Hello #alpaca from @alice"]


def test_who_is_searched_for_among_kwips_is_a_link_away(anybody, alice, say):
    page = anybody.get("/search?q=alice")
    [link] = [a for a in page.all("a") if "People matching" in a.words]

    assert link.words == "People matching alice: 1"
    assert "@alice" in anybody.get(link["href"]).html
    say("alice is here")
    page = anybody.get("/search?q=alice")
    assert page.texts == ["alice is here"]
    assert "People matching" in page.words
    assert "People matching" not in anybody.get("/search?q=zebra").words


def test_without_words_the_operators_are_explained(anybody):
    page = anybody.get("/search")

    assert "from:name" in [code.words for code in page.all("code")]
    assert not page.all("article")


def test_what_is_wrong_is_said_below_the_field(anybody):
    page = anybody.get("/search?q=has:wings", 400)

    field = page.one("input", id="q")
    about = page.one("p", id=field["aria-describedby"])
    assert about.words == "Use one of: has:link, has:media, has:poll."
    assert field["value"] == "has:wings"


def test_wrong_operators_are_named_and_the_rest_is_found(anybody, say):
    say("Green tea")

    page = anybody.get("/search?q=tea+has:unicorn+before:soon+from:nobody")
    notes = [e.words for e in page.with_class("column-note")]

    assert page.texts == ["Green tea"]
    assert notes == [
        "has:unicorn: Use one of: has:link, has:media, has:poll.",
        "before:soon: Write dates as before:2026-12-31 or after:2026-01-01.",
        "from:nobody: There is no user @nobody.",
    ]
    [unknown] = anybody.get("/search?q=tea+foo:bar").with_class("column-note")[:1]
    assert "foo: is not a search operator" in unknown.words


def test_older_results_keep_the_words(anybody, say):
    for number in range(21):
        say(f"tea {number}")

    page = anybody.get("/search?q=tea")
    older = page.one("a", rel="next")["href"]

    assert older.startswith("/search?max_id=")
    assert older.endswith("&q=tea")
    assert anybody.get(older).texts == ["tea 0"]
    assert "q=tea" in anybody.get(older).one("a", rel="prev")["href"]


def test_a_button_leads_back_to_the_search(at_alice, say):
    say("Green tea")

    page = at_alice.get("/search?q=tea")

    assert page.value("next") == "/search?q=tea"


def test_every_other_page_has_a_field_and_a_link(anybody):
    page = anybody.get("/login")

    assert page.one("form", role="search")["action"] == "/search"
    assert page.one("a", href="/search")["aria-label"] == "Search"


def test_a_search_is_not_compressed_because_it_repeats_what_was_asked(app, say):
    say("Green tea")
    accepted = {"Accept-Encoding": "gzip"}

    answers = [
        app.test_client().get(path, headers=accepted) for path in ("/", "/search?q=tea")
    ]

    assert [answer.content_encoding for answer in answers] == ["gzip", None]
