"""The first steps after signing up, without a script."""

from __future__ import annotations

import io

from kwip.domain.accounts.users import ProfileChange
from tests.pictures import plain
from tests.wired import viewer_of


def test_three_steps_lead_to_home_and_each_can_be_skipped(at_alice, alice, bob, wiring):
    shown = ProfileChange(is_discoverable=True)
    wiring.services.users.update_profile(viewer_of(bob.user), shown)
    bob.say("Hello")
    wiring.services.trending.recompute()

    first = at_alice.get("/welcome")
    assert first.value("display_name") == "Alice"
    assert first.all("a", href="/welcome/people")
    picture = (io.BytesIO(plain()), "me.png")
    where = at_alice.send(
        "/welcome", display_name="Al", is_discoverable="1", avatar=picture
    )
    assert where == "/welcome/people"
    me = alice.get("/api/v1/accounts/verify_credentials").json
    assert (me["display_name"], me["discoverable"]) == ("Al", True)
    assert "/avatars/" not in me["avatar"]

    second = at_alice.get(where)
    [follow] = second.all("button", formaction="/@bob/follow")
    at_alice.send(follow["formaction"], next="/welcome/people")
    assert "nobody to suggest" in at_alice.get("/welcome/people").words
    third = at_alice.get("/welcome/kwip")
    assert third.all("a", href="/home")
    key = third.value("key")
    at_alice.send("/compose", text="Hi", key=key, visibility="public")
    assert "Hi" in at_alice.get("/home").texts
    assert at_alice.get("/explore").all("a", href="/welcome")


def test_a_wrong_name_is_said_at_its_field_and_nothing_is_saved(at_alice, alice):
    page = at_alice.send("/welcome", 422, display_name="x" * 61, is_discoverable="1")

    assert page.wrong("display_name")
    me = alice.get("/api/v1/accounts/verify_credentials").json
    assert (me["display_name"], me["discoverable"]) == ("Alice", False)
