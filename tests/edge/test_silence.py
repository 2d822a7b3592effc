"""A silenced account over HTTP, when another process silences it."""

from __future__ import annotations

import re

import pytest

from kwip.domain.accounts.users import ProfileChange
from kwip.wiring import Options, build
from tests.edge.surfaces import surfaces
from tests.people import sign_in
from tests.wired import viewer_of

SECRET = "wombat"
#: Some of the places where strangers come across her until she is silenced.
OFFERED = {
    "/",
    "/api/v1/timelines/public",
    "/api/v1/timelines/tag/tea",
    "/api/v1/trends/statuses",
    "/api/v1/accounts/search?q=al",
    "/api/v2/search?q=tea",
    "/api/v1/directory",
    "/api/widgets/v1/public",
    "/api/widgets/v1/tag/tea",
    "/api/widgets/v1/search?q=tea",
    "/tags/tea.json",
}


@pytest.fixture
def moderation(settings, endpoints):
    """Return what an operator's own process does to accounts."""
    made = build(
        settings, endpoints, role="cli", options=Options(enqueue=lambda *_: None)
    )
    yield made.services.moderation
    made.close()


@pytest.fixture
def carol(people):
    return people("carol")


@pytest.fixture
def spoken(wiring, alice, bob, carol):
    """Let alice speak, also to carol, with bob as her follower; give the statuses."""
    services, said = wiring.services, ProfileChange(bio=SECRET, is_discoverable=True)
    services.users.update_profile(viewer_of(alice.user), said)
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    asked = carol.say("Which one? #tea")
    mine = alice.say(f"{SECRET} #tea")
    alice.say(f"@carol {SECRET} #tea", in_reply_to_id=asked["id"])
    for one in (bob, carol):
        one.post(f"/api/v1/statuses/{mine['id']}/favourite")
    services.fanout.deliver(services.fanout.begin(int(mine["id"])))  # both at once
    services.trending.recompute()
    return asked, mine


@pytest.fixture
def told(app, wiring, alice, bob, carol, spoken):
    """Return a function that gives the places that tell somebody of alice.

    Those that know no reader are only asked for by nobody.
    """
    asked, mine = spoken
    found = surfaces(
        {
            "post_id": [
                {"post_id": asked["id"], "username": "carol"},
                {"post_id": mine["id"], "username": "alice"},
            ],
            "username": ["alice"],
            "user_id": [alice.id],
            "name": ["tea"],
            "extension": ["json"],
            "table": ["lists"],
            "code": ["mVJsmOlC0xVY"],
            "passkey_id": ["AbZ2"],
            "chosen": ["mentions"],
            "list_id": [1],
            "filter_id": [1],
            "keyword_id": [1],
            "filtered_id": [1],
            "draft_id": [1],
            "report_id": [1],
            "announcement_id": [1],
            "notification_id": [1],
            "attachment_id": [1],
        },
        {"post_ids": f"id[]={mine['id']}", "user_ids": f"id[]={alice.id}"},
    )
    browsers = {one: sign_in(app, wiring, one) for one in (bob, carol)}
    nobody = app.test_client(use_cookies=False)

    def asks(one, surface):
        if one is None:
            return nobody
        return one if surface.takes_token else browsers[one]

    def told(one, among=None):
        wanted = [s for s in found if one is None or s.auth != "none"]
        wanted = [s for s in wanted if among is None or s.path in among]
        return {
            s.path
            for s in wanted
            if SECRET in asks(one, s).get(s.path).get_data(as_text=True)
        }

    return told


def test_strangers_only_meet_a_silenced_user_where_they_ask_for_them(
    told, moderation, alice, bob, carol, spoken
):
    before = {one: told(one) for one in (None, bob, carol)}
    assert before[None] >= OFFERED
    assert "/notifications" in before[carol]

    moderation.silence(alice.user.id)

    mine = spoken[1]["id"]
    for one in (None, carol):
        asked_for = re.compile(f"alice|{alice.id}|{mine}|/favourites$")
        asked = {path for path in before[one] if asked_for.search(path)}
        assert told(one, before[one]) == asked
    assert told(bob, before[bob]) == before[bob]
    account = bob.get(f"/api/v1/accounts/{alice.id}").json
    assert (account["limited"], account["note"]) == (True, f"<p>{SECRET}</p>")
    moderation.unsilence(alice.user.id)
    assert told(carol, {"/notifications"})


def test_a_silenced_user_notifies_followers_only(moderation, alice, bob, carol):
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    theirs = {one: one.say("hello")["id"] for one in (bob, carol)}
    moderation.silence(alice.user.id)
    for said in theirs.values():
        alice.post(f"/api/v1/statuses/{said}/favourite")

    def unread(one):
        counted = one.get("/api/v1/notifications/unread_count").json["count"]
        return counted, len(one.get("/api/v1/notifications").json)

    assert (unread(bob), unread(carol)) == ((1, 1), (0, 0))
    moderation.unsilence(alice.user.id)
    assert unread(carol) == (0, 0)
