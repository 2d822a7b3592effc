"""A page behind a link becomes a card, on pages that are open, too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kwip.domain.ids import PostId
from tests.browser.conftest import DESKTOP, PHONE
from tests.ops.stack import free_port
from tests.other_site import other_site
from tests.pictures import plain


@pytest.fixture
def live_port():
    return free_port()


@pytest.fixture
def other():
    with other_site() as made:
        yield made


@pytest.fixture
def environ(other):
    return {"KWIP_LINK_PREVIEWS": "on", "KWIP_LINK_PREVIEW_ALLOW": other.place}


def test_a_card_comes_into_an_open_page_and_can_be_followed_by_keyboard(
    open_browser, site, other, alice, bob
):
    url = other.serve("/rye", status=503)
    quoted = alice.say("So.", spoiler_text="Bread")
    post = bob.say(f"Look: {url}", quoted_status_id=quoted["id"])
    bob.say("Newer.")
    page, thread = open_browser(alice), open_browser(alice)
    page.goto("/")
    thread.goto(f"/@bob/{post['id']}")
    card = page.locator("a.preview")
    expect(card).to_have_count(0)

    other.serve("/rye.png", plain(size=(800, 400)), kind="image/png")
    other.page("/rye", "Rye bread", image="/rye.png")
    site.wiring.services.previews.forget(url)
    site.wiring.services.previews.settle(PostId(int(post["id"])))

    expect(card.get_by_text("Rye bread")).to_be_visible()
    expect(page.locator(".post > .preview + .quote")).to_contain_text("Bread")
    expect(thread.locator(".post-focus > .preview + .quote")).to_contain_text("Bread")
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        box = card.locator("img").bounding_box()
        assert abs(box["width"] - 2 * box["height"]) <= 2
        assert card.bounding_box()["width"] - box["width"] <= 2  # only its border
    page.reload()
    assert card.evaluate("node => node.tabIndex") == 0
    assert card.get_attribute("href") == url
