"""The menu of a kwip copies it, shares it, and leads to lists with its author."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import expect

from kwip.services.media.emojis import NewEmoji
from tests.pictures import plain

TEXT = "First, see https://example.org/a/very/long/path/that/is/shortened/here\nby @bob"
WHOLE = f"{TEXT}\n\nSecond paragraph."


@pytest.fixture
def said(bob):
    return bob.say(WHOLE)


@pytest.fixture
def page(open_browser, alice, said):
    page = open_browser(alice, permissions=["clipboard-read", "clipboard-write"])
    page.add_init_script(
        """navigator.share = async (told) => {
          window.shared = told;
        };"""
    )
    page.goto("/")
    page.locator(".post summary", has_text="More").click()
    return page


def copied(page):
    return page.evaluate("navigator.clipboard.readText()")


def item(page, role, name):
    return page.locator(".menu[open]").get_by_role(role, name=name, exact=True)


def test_the_menu_copies_the_link(page, site, said):
    item(page, "link", "Copy link").click()

    expect(page.get_by_text("Link copied.")).to_be_visible()
    assert copied(page) == f"{site.origin}/@bob/{said['id']}"


def test_the_menu_copies_the_text_as_it_was_written(page):
    item(page, "button", "Copy text").click()

    expect(page.get_by_text("Text copied.")).to_be_visible()
    assert copied(page) == WHOLE


def test_the_copied_text_has_codes_of_emoji_and_nothing_of_a_quote(
    page, site, alice, said
):
    rye = NewEmoji(name="rye", shortcode="rye", file=io.BytesIO(plain()))
    site.wiring.services.emojis.add([rye])
    alice.say("Fresh :rye: bread")
    alice.say("", quoted_status_id=said["id"])
    page.goto("/home")
    expect(page.locator(".post-text .emoji")).to_be_visible()

    for place, text in ((1, "Fresh :rye: bread"), (0, "")):
        page.locator("article .actions summary").nth(place).click()
        item(page, "button", "Copy text").click()
        page.wait_for_function(
            "async text => await navigator.clipboard.readText() === text", arg=text
        )


def test_the_menu_hands_the_kwip_to_other_apps(page, site, said):
    item(page, "button", "Share").click()

    shared = page.evaluate("window.shared")
    assert shared["url"] == f"{site.origin}/@bob/{said['id']}"
    assert shared["text"] == WHOLE
    expect(page.locator(".menu[open]")).to_have_count(0)


def test_a_menu_that_is_opened_again_has_each_entry_once(page):
    more = page.locator(".post summary", has_text="More")
    more.click()
    more.click()

    expect(item(page, "button", "Copy text")).to_have_count(1)


def test_without_what_the_browser_lacks_the_menu_has_a_link(open_browser, bob, said):
    page = open_browser()
    page.add_init_script(
        """delete Navigator.prototype.share;
        delete Navigator.prototype.clipboard;"""
    )
    page.goto("/")
    page.locator(".post summary", has_text="More").click()

    item(page, "link", "Link to this kwip").click()

    page.wait_for_url(f"**/@bob/{said['id']}")


def test_the_menu_leads_to_lists_with_the_author(page):
    item(page, "link", "Add @bob to lists").click()

    page.wait_for_url("**/@bob/lists")
