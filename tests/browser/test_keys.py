"""Single keys act on what was chosen, and on nothing while somebody writes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.thorough import part

SIZES = pytest.mark.parametrize("size", part([DESKTOP, PHONE], of=2))
PRESSED = "[data-act][aria-pressed=true]"


@pytest.fixture
def kwip(alice, bob):
    """Return a kwip that stands in alice's home and names somebody else too."""
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    return bob.say("Is it far?")


def reply_in(page):
    return page.get_by_label("Your reply to @bob")


def expect_to_write_at_once(page):
    """Type at once as people do; every letter of it is a single key or near one."""
    page.wait_for_load_state()
    page.keyboard.type("so fat, but jolly")

    expect(reply_in(page)).to_be_focused()
    expect(reply_in(page)).to_have_value("so fat, but jolly")
    assert page.locator(PRESSED).count() == 0


@SIZES
def test_who_presses_reply_in_home_can_write(open_browser, alice, kwip, size):
    page = open_browser(alice, size=size)
    page.goto("/home")

    page.get_by_role("link", name="Reply").click()
    expect(reply_in(page)).to_be_focused()

    expect_to_write_at_once(page)


def test_who_presses_r_in_home_can_write(open_browser, alice, kwip):
    page = open_browser(alice)
    page.goto("/home")

    page.keyboard.press("j")
    page.keyboard.press("r")
    expect(reply_in(page)).to_be_focused()

    expect_to_write_at_once(page)


@SIZES
def test_who_opens_the_address_of_a_reply_can_write(open_browser, alice, kwip, size):
    page = open_browser(alice, size=size)

    page.goto(f"/@bob/{kwip['id']}#reply")

    expect_to_write_at_once(page)


def test_who_presses_reply_in_the_thread_can_write(open_browser, alice, kwip):
    page = open_browser(alice)
    page.goto(f"/@bob/{kwip['id']}")

    page.get_by_role("link", name="Reply").click()

    expect_to_write_at_once(page)


def test_who_comes_back_to_a_reply_goes_on_writing(open_browser, alice, kwip):
    page = open_browser(alice)
    page.goto(f"/@bob/{kwip['id']}#reply")
    page.keyboard.type("so")
    page.goto("/home")

    page.go_back()
    page.wait_for_load_state()
    page.keyboard.type(" fat")

    expect(reply_in(page)).to_have_value("so fat")
    assert page.locator(PRESSED).count() == 0


def test_without_a_script_too_the_field_of_a_reply_has_the_focus(
    open_browser, alice, kwip
):
    page = open_browser(alice, scripts=False)
    page.goto("/home")

    page.get_by_role("link", name="Reply").click()
    page.wait_for_url("**#reply")

    expect(reply_in(page)).to_be_focused()


def test_a_visitor_who_wants_to_reply_is_led_to_the_way_in(open_browser, kwip):
    page = open_browser()
    page.goto("/")

    page.get_by_role("link", name="Reply").click()

    expect(page.locator("main").get_by_role("link", name="Log in")).to_be_focused()


def test_a_key_acts_on_no_kwip_that_was_not_chosen(open_browser, alice, kwip):
    page = open_browser(alice)
    page.goto(f"/@bob/{kwip['id']}")

    page.keyboard.type("ftb")
    page.keyboard.press("j")
    with page.expect_response("**/bookmark"):
        page.keyboard.press("b")

    (act,) = page.locator(PRESSED).all()
    assert act.get_attribute("data-act") == "bookmark"


def test_keys_rest_while_the_next_page_is_on_its_way(open_browser, alice, kwip):
    page = open_browser(alice)
    page.goto("/home")
    page.keyboard.press("j")

    # All in one task of the script: the next page cannot come between.
    acted = page.evaluate(
        """async (pressed) => {
          const on = document.activeElement;
          for (const key of "ofat") {
            on.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
          }
          for (let turn = 0; turn < 10; turn += 1) await null;
          return document.querySelectorAll(pressed).length;
        }""",
        PRESSED,
    )

    page.wait_for_url(f"**/@bob/{kwip['id']}")
    assert acted == 0


@SIZES
def test_the_keyboard_begins_at_the_top_of_a_page_with_tabs(open_browser, alice, size):
    page = open_browser(alice, size=size)
    page.goto("/home")
    page.keyboard.press("Tab")

    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()


def test_escape_leaves_the_field_for_the_shortcuts(open_browser, alice, kwip):
    page = open_browser(alice, size=DESKTOP)
    page.goto("/home")
    page.keyboard.press("n")
    expect(page.locator("#text")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("/")

    expect(page.get_by_role("searchbox")).to_be_focused()
