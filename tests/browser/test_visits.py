"""Catching up begins by itself where the last visit to home ended."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.fixture
def page(open_browser, alice):
    alice.say("Seen.")
    page = open_browser(alice)
    page.goto("/home")
    return page


def let_time_pass(page, minutes):
    """Let the last visit be some time ago."""
    page.goto("/settings")
    page.evaluate(
        """(ms) => {
          const [key] = Object.keys(localStorage).filter((k) => k.includes("visit"));
          const visit = JSON.parse(localStorage.getItem(key));
          localStorage.setItem(key, JSON.stringify({...visit, at: visit.at - ms}));
        }""",
        minutes * 60_000,
    )


def visit(page):
    with page.expect_response("**/home/read"):
        page.goto("/home")


def catch_up(page):
    page.get_by_role("link", name="Catch up").click()
    page.wait_for_url("**/home/catch-up")


@pytest.mark.long
def test_after_a_pause_one_catches_up_from_the_last_visit(page, alice):
    let_time_pass(page, 31)
    for text in ("One.", "Two."):
        alice.say(text)

    visit(page)
    catch_up(page)

    expect(page.locator(".post-text")).to_have_text(["One.", "Two."])
    expect(page.locator("#caught-up-from")).to_contain_text("Only your own kwips since")


@pytest.mark.long
def test_a_short_absence_is_the_same_visit(page, alice):
    let_time_pass(page, 31)
    alice.say("One.")
    visit(page)
    let_time_pass(page, 5)
    alice.say("Two.")

    page.goto("/home")
    catch_up(page)

    expect(page.locator(".post-text")).to_have_text(["One.", "Two."])


@pytest.mark.long
def test_who_is_catching_up_goes_on_where_they_stopped(page, alice):
    let_time_pass(page, 31)
    alice.say("One.")
    visit(page)
    catch_up(page)
    expect(page.locator(".post-text")).to_have_text(["One."])

    page.goto("/home")
    alice.say("Two.")
    let_time_pass(page, 60)
    page.goto("/home")
    catch_up(page)

    expect(page.locator(".post-text")).to_have_text(["One.", "Two."])


@pytest.mark.long
def test_the_first_time_catching_up_begins_at_the_top_of_home(page):
    catch_up(page)

    expect(page.get_by_text("You're all caught up")).to_be_visible()
