"""Every answer that a CDN may keep names what it shows, so that it can be purged."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

import pytest

from kwip.blueprints.routes import AREAS
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.domain.timelines.lists import ListChange
from tests.widgets.test_caching import keys

TEXT = "Ahoy #fox"
#: What some of them have to be asked.
QUERIES = {
    "/api/widgets/v1/search": ["?q=ahoy"],
    "/search.<feed:extension>": ["?q=ahoy"],
    "/badge/<name:username>.svg": ["", "?show=latest"],
}


def kept_rules():
    """Return the rules of all widgets and cards, as the route table has them."""
    return [
        route.rule
        for route in AREAS["widgets"]
        if route.policy.cache in {"widget", "card"}
    ]


@pytest.fixture
def said(alice, wiring):
    """Let Alice say something that can be found; return its id."""
    post_id = alice.say(TEXT)["id"]
    fanout = wiring.services.fanout
    fanout.deliver(fanout.begin(int(post_id)))
    return post_id


@pytest.fixture
def shared(alice, wiring):
    """Give Alice a public list; return its id."""
    owner = Viewer(id=alice.user.id, username="alice", digest="")
    change = ListChange(title="Foxes", is_public=True)
    return wiring.services.lists.create(owner, change).id


@pytest.fixture(autouse=True)
def liked(alice, said, wiring):
    """Let Alice favourite what she said, and show it."""
    viewer = Viewer(id=alice.user.id, username="alice", digest="")
    wiring.services.users.update_profile(viewer, ProfileChange(shows_favourites=True))
    wiring.services.reactions.favourite(viewer, int(said))


@pytest.fixture
def cases(alice, client, settings, said, shared):
    """Return each address, with the keys of what it names."""
    user, post = f"user:{alice.id}", f"post:{said}"
    pages = {
        f"/@alice/{said}": {user, post},
        "/@alice": {user},
        "/tags/fox": {"tag:fox"},
    }
    # Its picture is its owner's.
    of_list = f"/api/oembed?url={settings.origin}/lists/{shared}"
    found = [(of_list, {user, f"list:{shared}"})]
    for page, named in pages.items():
        address = quote(settings.origin + page)
        found.append((f"/api/oembed?url={address}", named))
        card = re.search(r'og:image" content="([^"]+)"', client.get(page).text)
        found.append((urlsplit(card[1])._replace(scheme="", netloc="").geturl(), named))
    values = {
        "id:post_id": (said, {user, post}),
        "id:list_id": (str(shared), {user, f"list:{shared}"}),
        "name:username": ("alice", {user}),
        "string(maxlength=200):name": ("fox", {"tag:fox"}),
        "feed:extension": ("rss", set()),
    }
    for rule in kept_rules():
        if rule == "/api/oembed" or rule.startswith("/card/"):
            continue
        path, named = rule, set(re.findall(r"/(public|search)\b", rule))
        for argument, (value, shown) in values.items():
            if f"<{argument}>" in rule:
                path, named = path.replace(f"<{argument}>", value), named | shown
        if "/favourites" in rule:
            named = named | {f"favourites:{alice.id}"}
        found += [(path + query, named) for query in QUERIES.get(rule, [""])]
    return found


def test_every_widget_and_card_names_what_it_shows(app, client, alice, said, cases):
    adapter = app.url_map.bind("")
    asked = (path.partition("?")[0] for path, _ in cases)
    rules = {adapter.match(path, return_rule=True)[0].rule for path in asked}
    assert rules == set(kept_rules())
    for path, named in cases:
        answer = client.get(path)

        assert answer.status_code == 200, path
        shown = {f"post:{said}", f"user:{alice.id}"} if b"Ahoy" in answer.data else {}
        assert "Surrogate-Key" in answer.headers, path
        assert (path, set(keys(answer))) == (path, named.union(shown))


def test_a_date_alone_never_answers_304(client, cases):
    """A deletion moves no date, so that none can say that nothing has changed."""
    later = {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}
    for path, _ in cases:
        first = client.get(path)
        again = client.get(path, headers=later)  # as a whole from the cache

        assert (path, again.status_code) == (path, 200)
        assert again.data == first.data
        assert "Last-Modified" not in first.headers, path
        assert "Last-Modified" not in again.headers, path
