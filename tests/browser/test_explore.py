"""What a script puts beside wide pages and onto profiles."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kwip.domain.accounts.users import ProfileChange
from tests.browser.conftest import PHONE
from tests.wired import viewer_of


@pytest.fixture
def carol(site, alice, bob):
    """Return somebody whom bob follows, whom alice follows; both use a hashtag."""
    carol = site.people("carol")
    shown = ProfileChange(is_discoverable=True)
    site.wiring.services.users.update_profile(viewer_of(carol.user), shown)
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    bob.post(f"/api/v1/accounts/{carol.id}/follow")
    for each in (bob, carol):
        each.say("More #lamps")
    site.wiring.services.trending.recompute()
    return carol


def test_wide_pages_show_hashtags_and_people_to_follow_beside_them(
    open_browser, alice, carol
):
    page = open_browser(alice)
    page.goto("/home")
    side = page.locator(".side")
    expect(side.get_by_role("link", name="#lamps")).to_be_visible()

    with page.expect_response("**/@carol/follow"):
        side.locator("[data-of='@carol']").click()
    expect(side.get_by_text("Following", exact=True)).to_be_visible()
    page.goto("/@carol")
    expect(page.locator(".familiar")).to_have_text("Followed by Bob")
    expect(page.locator("[data-part]")).to_have_count(0)


def test_a_phone_fetches_nothing_that_it_does_not_show(open_browser, alice, carol):
    page = open_browser(alice, size=PHONE)
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto("/home", wait_until="networkidle")

    assert not [url for url in asked if "/explore/side" in url]
