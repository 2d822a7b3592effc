"""What people favourited, as everybody sees it on other sites once they want that."""

from __future__ import annotations

import io

import pytest

from kwip.domain.accounts.users import ProfileChange
from tests.people import sign_in
from tests.pictures import plain
from tests.widgets.test_widgets import CHECK, ROOT, ids, walk
from tests.wired import viewer_of

PATH = f"{ROOT}/user/alice/favourites"
PATHS = [
    PATH,
    *(f"/@alice/favourites.{ending}" for ending in ("rss", "atom", "json")),
    "/embed/user/alice/favourites",
]


@pytest.fixture
def react(alice):
    """Return a function that lets Alice favourite a kwip, or undo that."""

    def react(post_id, act="favourite"):
        alice.ask("POST", f"/api/v1/statuses/{post_id}/{act}")
        return post_id

    return react


@pytest.fixture
def shown(alice, wiring):
    """Let other sites show what Alice favourites."""
    change = ProfileChange(shows_favourites=True)
    wiring.services.users.update_profile(viewer_of(alice.user), change)


def test_favourites_are_shown_once_their_owner_wants_it(
    app, wiring, alice, bob, client, react
):
    browser = sign_in(app, wiring, alice)
    said = react(bob.say("hello")["id"])

    def choose(**boxes):
        form = {"csrf_token": browser.form_token, **boxes}
        assert browser.post("/settings/privacy", data=form).status_code == 303
        return [client.get(path).status_code for path in PATHS]

    assert [client.get(path).status_code for path in PATHS] == [404] * 5
    assert client.get(PATH).json["error"] == "This user doesn't show favourites."
    assert "favourites.rss" not in browser.get("/favourites").text

    assert choose(is_embeddable="1", shows_favourites="1") == [200] * 5
    assert ids(client.get(PATH)) == [said]
    assert all("hello" in client.get(path).text for path in PATHS)
    assert "/@alice/favourites.rss" in browser.get("/favourites").text
    page = browser.get("/settings/privacy").text
    assert 'name="shows_favourites" value="1" checked' in page

    assert choose(shows_favourites="1") == [404] * 5
    assert choose(is_embeddable="1") == [404] * 5


@pytest.mark.usefixtures("shown")
def test_the_latest_favourite_is_first_and_only_public_kwips_are_among_them(
    alice, bob, client, react
):
    media = {"file": (io.BytesIO(plain()), "me.png")}
    picture = bob.post("/api/v2/media", data=media).json["id"]
    old = bob.say("old", media_ids=[picture])["id"]
    alice.ask("POST", f"/api/v1/accounts/{bob.id}/follow")
    for visibility in ("unlisted", "private", "direct"):
        react(bob.say("@alice not for all", visibility=visibility)["id"])
    new = react(bob.say("new")["id"])
    react(old)
    own = react(alice.say("my own", in_reply_to_id=new)["id"])

    answer = client.get(PATH)
    CHECK.validate(answer.json)
    assert ids(answer) == [own, old, new]
    assert walk(client, f"{PATH}?limit=1") == [[own], [old], [new]]
    newest, middle, _ = (post["cursor"] for post in answer.json["posts"])
    assert ids(client.get(f"{PATH}?before={newest}")) == [old, new]
    assert ids(client.get(f"{PATH}?after={middle}")) == [own]
    assert ids(client.get(f"{PATH}?media=true")) == [old]
    (short,) = client.get(f"{PATH}?fields=text&limit=1").json["posts"]
    assert short == {"text": "my own"}
    for name, value in (("order", "active"), ("replies", "false"), ("as_of", "1")):
        wrong = client.get(f"{PATH}?{name}={value}")
        assert (wrong.status_code, list(wrong.json["details"])) == (400, [name])
    feed = client.get("/@alice/favourites.json?limit=1").json
    assert feed["title"] == "Favourites of Alice (@alice)"
    following = feed["next_url"].removeprefix("http://127.0.0.1:8000")
    assert old in client.get(following).json["items"][0]["url"]


@pytest.mark.usefixtures("shown")
def test_what_is_no_longer_favourited_is_gone_at_once(bob, client, react):
    said = react(bob.say("hello")["id"])
    assert ids(client.get(PATH)) == [said]

    react(said, "unfavourite")
    assert [b"hello" in client.get(path).data for path in PATHS] == [False] * 5
    react(said)
    assert [b"hello" in client.get(path).data for path in PATHS] == [True] * 5


@pytest.mark.usefixtures("shown")
def test_many_hidden_favourites_end_no_list(bob, client, react, monkeypatch):
    monkeypatch.setattr("kwip.services.timelines.widgets.MAX_FAVOURITES", 3)
    old = react(bob.say("old")["id"])
    for number in range(3):
        react(bob.say(f"not listed {number}", visibility="unlisted")["id"])

    assert walk(client, f"{PATH}?limit=5") == [[], [old]]
