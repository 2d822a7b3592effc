"""The whole kwip opens its thread, and nothing else in it does."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.thorough import part

TEXT = "Is it far from here to there?"


@pytest.fixture
def address(bob):
    """Return the address of a kwip on the public timeline."""
    return f"/@bob/{bob.say(TEXT)['id']}"


@pytest.mark.parametrize("size", part([PHONE, DESKTOP], of=2))
def test_a_click_anywhere_on_a_kwip_opens_its_thread(
    open_browser, alice, address, size
):
    page = open_browser(alice, size=size)
    page.goto("/")

    page.get_by_text(TEXT).click()

    page.wait_for_url(f"**{address}")
    expect(page.locator(".post-focus")).to_contain_text(TEXT)


def test_a_click_on_a_quote_opens_what_is_quoted(open_browser, alice, address):
    quoted_id = address.rpartition("/")[2]
    alice.say("Who knows?", quoted_status_id=quoted_id)
    page = open_browser(alice, size=PHONE)
    page.goto("/home")

    # By force, because the link of the card lies above its text.
    page.locator(".quote").get_by_text(TEXT).click(force=True)

    page.wait_for_url(f"**{address}")
    page.go_back()
    page.get_by_text("Who knows?").click()
    expect(page.locator(".post-focus .quote")).to_contain_text(TEXT)


def test_enter_opens_the_thread_of_the_chosen_kwip(open_browser, alice, address):
    page = open_browser(alice)
    page.goto("/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{address}")


@pytest.mark.parametrize(
    "how", part([{"button": "middle"}, {"modifiers": ["Control"]}], of=2)
)
def test_a_middle_or_control_click_opens_a_tab(open_browser, alice, address, how):
    page = open_browser(alice)
    page.goto("/")

    with page.context.expect_page() as opened:
        page.get_by_text(TEXT).click(**how)

    opened.value.wait_for_url(f"**{address}")
    assert page.url.endswith("/")


def test_selecting_text_and_closing_a_menu_open_nothing(open_browser, alice, address):
    page = open_browser(alice)
    page.goto("/")
    box = page.locator(".post-text p").bounding_box()
    middle = box["y"] + box["height"] / 2

    page.mouse.move(box["x"] + 5, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 90, middle, steps=5)
    page.mouse.up()
    assert page.evaluate("getSelection().toString()")
    page.evaluate("getSelection().removeAllRanges()")
    page.locator(".post summary", has_text="More").click()
    page.get_by_text(TEXT).click()

    expect(page.locator(".menu[open]")).to_have_count(0)
    assert page.url.endswith("/")


def test_links_and_buttons_in_a_kwip_do_what_they_say(open_browser, alice, address):
    page = open_browser(alice)
    page.goto("/")

    with page.expect_response("**/favourite"):
        page.get_by_role("button", name="Favourite").click()
    assert page.url.endswith("/")
    page.locator(".post-author").click()

    page.wait_for_url("**/@bob")
