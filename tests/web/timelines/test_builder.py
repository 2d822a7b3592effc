"""The page that builds widgets, without a script."""

from __future__ import annotations

import re

import pytest

from kwip.domain.timelines.lists import ListChange
from kwip.domain.users import ProfileChange, Viewer
from tests.web.pages import check

ALL_WAYS = {
    "user": ("element", "frame", "json", "feed"),
    "favourites": ("element", "frame", "json", "feed"),
    "public": ("element", "json", "feed"),
    "tag": ("element", "frame", "json", "feed"),
    "list": ("element", "frame", "json", "feed"),
    "search": ("element", "json", "feed"),
    "post": ("element", "frame"),
    "thread": ("element", "frame", "json", "feed"),
    "profile": ("element", "badge"),
}


@pytest.fixture
def names(alice, settings, wiring):
    """What each kind of widget can be made of."""
    owner = Viewer(id=alice.user.id, username="alice", digest="")
    change = ListChange(title="Tea", is_public=True)
    shared = wiring.services.lists.create(owner, change).id
    shown = ProfileChange(shows_favourites=True)
    wiring.services.users.update_profile(owner, shown)
    kwip = alice.say("Green #tea, and a lamp.")
    return {
        "user": "@Alice",
        "favourites": "@alice",
        "public": "",
        "tag": "#Tea",
        "list": f"{settings.origin}/lists/{shared}",
        "search": "green tea",
        "post": kwip["url"],
        "thread": kwip["url"],
        "profile": "alice",
    }


def code(page):
    return page.one("textarea", id="code").text.strip()


def test_every_code_leads_to_something(anybody, client, names, settings):
    for kind, ways in ALL_WAYS.items():
        for way in ways:
            of = names[kind].replace("#", "%23")
            page = anybody.get(f"/widgets?kind={kind}&of={of}&way={way}&limit=7")

            check(page, settings.origin)
            found = re.findall(rf'{settings.origin}(/[^"]*)', code(page))
            assert found, (kind, way)
            for path in found:
                # To follow somebody, one has to log in first.
                answer = client.get(path.replace("&amp;", "&"), follow_redirects=True)
                assert answer.status_code == 200, (kind, way, path)
            current = [a.words for a in page.all("a", aria_current="page")]
            assert len(current) == 2, (kind, way)


def test_what_is_wrong_is_told_at_its_field_and_the_rest_is_kept(
    anybody, at_alice, bob, settings
):
    assert 'user="alice"' in code(at_alice.get("/widgets"))
    assert "<kwip-timeline public>" in code(anybody.get("/widgets"))
    assert code(anybody.get("/widgets?kind=tag")) == ""
    said = bob.say("For followers.", visibility="private")["url"]
    at_alice.send("/settings/privacy")
    for asked, field, message in (
        ("kind=user&of=nobody", "of", "There's nobody with this username here."),
        ("kind=user&of=alice", "of", "doesn't let other sites show"),
        ("kind=favourites&of=bob", "of", "@bob doesn't let other sites show fav"),
        ("kind=tag&of=a%20b", "of", "Use letters"),
        ("kind=list&of=Tea", "of", "Enter the address of a list on this site."),
        (f"kind=list&of={2**63}", "of", "Enter the address of a list"),
        ("kind=list&of=/lists/7", "of", "no public list"),
        ("kind=post&of=x", "of", "Enter the address of a kwip on this site."),
        (f"kind=thread&of={said}", "of", "There's no public kwip"),
        ("kind=public&limit=41", "limit", "Must be a number from 1 to 40."),
        ("kind=public&lang=%3Cb%3E", "lang", "language code"),
        ("kind=profile&of=bob&way=badge&size=9", "size", "from 16 to 512"),
    ):
        page = anybody.get(f"/widgets?{asked}", 400)

        check(page, settings.origin)
        assert message in page.wrong(field), asked
        assert bool(code(page)) == (field != "of"), asked
    own = at_alice.get("/widgets", 400)
    assert own.all("a", href="/settings/privacy")
    assert anybody.get("/widgets?order=sideways&kind=nothing", 400).one("h1")
