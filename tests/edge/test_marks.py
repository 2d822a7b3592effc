"""A kwip that a moderator marks as sensitive, when another process does it."""

from __future__ import annotations

import io

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.domain.moderation.strikes import Act, Decision
from kwip.wiring import Options, build
from tests.people import sign_in
from tests.pictures import plain
from tests.wired import viewer_of


@pytest.fixture
def decisions(settings, endpoints):
    """Return what moderators do in a process of their own."""
    made = build(
        settings, endpoints, role="cli", options=Options(enqueue=lambda *_: None)
    )
    yield made.services.decisions
    made.close()


def is_covered(text):
    return "Sensitive content" in text


def on_pages(browsers, said, quote):
    """Tell of each page whether the picture is covered there."""
    pages = ("/", "/@bob", "/tags/tea", f"/@bob/{said}", f"/@alice/{quote}")
    for path in pages:
        for browser in browsers:
            text = browser.get(path).get_data(as_text=True)
            assert "data-media" in text, path
            yield path, is_covered(text)


def to_apps(client, alice, bob, said):
    """Tell of each list of the API, and of widgets and feeds."""
    for path in ("timelines/public", f"accounts/{bob.id}/statuses"):
        statuses = alice.get(f"/api/v1/{path}").json
        [mine] = [each for each in statuses if each["id"] == said]
        yield path, mine["sensitive"]
    for path in ("public", "user/bob", "tag/tea"):
        posts = client.get(f"/api/widgets/v1/{path}").json["posts"]
        [mine] = [each for each in posts if each["id"] == said]
        yield f"widget {path}", mine["is_sensitive"]
    yield "feed", is_covered(client.get("/@bob.rss").get_data(as_text=True))


def test_a_mark_covers_the_pictures_everywhere_at_once_and_through_an_edit(
    app, wiring, client, decisions, alice, bob
):
    file = {"file": (io.BytesIO(plain()), "me.png"), "description": "Bread"}
    media = bob.post("/api/v2/media", data=file).json["id"]
    said = bob.say("Look #tea", media_ids=[media])["id"]
    quote = alice.say("This", quoted_status_id=said)["id"]
    asked = {"account_id": bob.id, "status_ids": [said]}
    report = alice.post("/api/v1/reports", json=asked).json["id"]
    browsers = (client, sign_in(app, wiring, alice))

    def covered():
        found = [*on_pages(browsers, said, quote), *to_apps(client, alice, bob, said)]
        history = client.get(f"/@bob/{said}/history").get_data(as_text=True)
        return [*found, ("history", is_covered(history))]

    assert {is_so for _, is_so in covered()} == {False}

    decision = Decision(act=Act.SENSITIVE, post_ids=(int(said),))
    strike = decisions.act(viewer_of(alice.user), BY_KWIP, int(report), decision)
    assert [place for place, is_so in covered() if not is_so] == []
    edit = {"status": "Look again #tea", "sensitive": False}
    assert bob.ask("PUT", f"/api/v1/statuses/{said}", json=edit).json["sensitive"]
    assert [place for place, is_so in covered() if not is_so] == []

    decisions.undo(viewer_of(alice.user), BY_KWIP, strike.id)
    assert {place for place, is_so in covered() if is_so} <= {"history"}
