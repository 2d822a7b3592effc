"""Which sites may frame what somebody wrote, if that person says so."""

from __future__ import annotations

import re

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.domain.timelines.lists import ListChange
from tests.people import sign_in
from tests.wired import viewer_of

ONLY = "http://127.0.0.1:8000 https://blog.example"


@pytest.fixture
def frames(alice, bob, wiring):
    """Return the frames that are Alice's own, and those that also show her."""
    viewer = viewer_of(alice.user)
    root = alice.say("hello #fox")["id"]
    reply = bob.say("@alice ho", in_reply_to_id=root)["id"]
    bob.ask("POST", f"/api/v1/statuses/{root}/reblog")
    wiring.services.users.update_profile(viewer, ProfileChange(shows_favourites=True))
    change = ListChange(title="Foxes", is_public=True)
    made = wiring.services.lists.create(viewer, change).id
    own = ["user/alice", "user/alice/favourites", f"list/{made}"]
    own += [f"post/{root}", f"thread/{root}?limit=1"]
    others = ["user/bob", "tag/fox", f"post/{reply}", f"thread/{reply}", "user/nobody"]
    return [[f"/embed/{each}" for each in paths] for paths in (own, others)]


@pytest.fixture
def allowed(client):
    """Return a function that gives the sites that may frame each of some pages."""

    def allowed(paths):
        policies = [client.get(p).headers["Content-Security-Policy"] for p in paths]
        return [re.search(r"frame-ancestors ([^;]+);", each)[1] for each in policies]

    return allowed


def test_only_the_sites_that_somebody_names_frame_what_is_theirs(
    app, wiring, alice, client, frames, allowed
):
    own, others = frames
    browser = sign_in(app, wiring, alice)

    def choose(text, status=303):
        form = {"csrf_token": browser.form_token, "embed_origins": text}
        form |= {"is_embeddable": "1", "shows_favourites": "1"}
        answer = browser.post("/settings/privacy", data=form)
        assert answer.status_code == status
        return answer.text

    assert allowed(own + others) == ["*"] * 10
    tags = [client.get(path).headers["ETag"] for path in own]
    choose("https://blog.example/\n")
    for _ in range(2):  # made, and from the cache
        assert allowed(own) == [ONLY] * 5
        assert allowed(others) == ["*"] * 5
    # A browser that has the page with its old policy gets it again.
    for path, tag in zip(own, tags, strict=True):
        assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
    note = "Only these sites may show this frame: https://blog.example"
    said = own[3].rpartition("/")[2]
    for path in ("/widgets?kind=user&of=alice&way=frame", f"/@alice/{said}/embed"):
        assert note in client.get(path).text
    page = choose("https://blog.example\nhttp://b.example", 422)
    assert "Line 2: enter an address that begins" in page
    assert "http://b.example</textarea>" in page
    assert allowed(own) == [ONLY] * 5
    assert "https://blog.example</textarea>" in browser.get("/settings/privacy").text
    for path in (
        f"/api/oembed?url={app.extensions['kwip'].urls.origin}/@alice",
        "/@alice.json",
    ):
        assert client.get(path).status_code == 200
    choose("")
    assert allowed(own) == ["*"] * 5
