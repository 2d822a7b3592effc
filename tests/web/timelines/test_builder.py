"""The page that builds widgets, without a script."""

from __future__ import annotations

import re

import pytest

from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.timelines.lists import ListChange
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
        ("kind=search&of=has:unicorn", "of", "Use one of: has:link"),
        ("kind=search&of=tea+from:nobody", "of", "There is no user @nobody."),
        ("kind=search&of=-tea", "of", "Enter at least one word"),
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


def test_what_does_not_exist_in_a_link_is_told(anybody):
    for query in (
        "kind=nothing",
        "kind=public&way=frame",
        "theme=pink",
        "kind=public&way=json&order=sideways",
        "kind=post&size=9",
    ):
        page = anybody.get(f"/widgets?{query}", 400)

        says = f"There is no {query.rpartition('&')[2]} here, so you see the default."
        assert page.one("div", id="unknown").words == says
    assert anybody.get("/widgets?kind=public").one("div", id="unknown").words == ""


def test_words_that_look_like_operators_are_searched_for_and_explained(anybody):
    for words, says in (
        ("tea From:", "from: This has no value, so it is searched for as a word. W"),
        ("tea colour:green", "colour: is not a search operator"),
    ):
        page = anybody.get(f"/widgets?kind=search&of={words}")

        assert says in page.one("div", id="of-about").words
        assert f'search="{words}"' in code(page)


def test_a_frame_stands_for_an_element_where_scripts_do_not_run(anybody, alice):
    kwip = alice.say("Green tea.")["url"]
    for query, path in (
        ("kind=user&of=alice&theme=dark", "/embed/user/alice?theme=dark&replies=true"),
        ("kind=user&of=alice&replies=false&live=off", "/embed/user/alice"),
        (f"kind=thread&of={kwip}&limit=5", "/embed/thread/{}?limit=5"),
    ):
        page = anybody.get(f"/widgets?{query}")

        frame = page.one("iframe")
        assert frame["src"] == path.format(kwip.rpartition("/")[2])
        assert [each.tag for each in frame.inside][-1] == "noscript"
    element = anybody.get("/widgets?kind=user&of=alice&replies=false&live=off")
    assert 'live="off" replies="false"' in code(element)
    assert not anybody.get("/widgets?kind=public").all("iframe")


def test_a_frame_has_the_same_code_wherever_it_is_copied(anybody, alice):
    kwip = alice.say("Green tea.")["url"]
    path = kwip.partition("8000")[2]

    page = anybody.get(f"{path}/embed")

    copied = page.one("textarea", id="embed-frame").text.strip()
    assert copied == code(anybody.get(f"/widgets?kind=post&way=frame&of={kwip}"))
    assert page.one("a", href=f"/embed/post/{kwip.rpartition('/')[2]}")
