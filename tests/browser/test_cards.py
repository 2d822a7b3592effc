"""A card beside a name says who it is, and goes away when asked to."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE


@pytest.fixture
def page(open_browser, alice, bob):
    bob.say("Hello, @alice and @bob.")
    page = open_browser(alice)
    page.clock.install()
    page.goto("/")
    return page


def card(page):
    return page.get_by_role("group", name="About @bob")


def name(page):
    return page.locator(".post-author")


def test_the_mouse_on_a_name_shows_who_it_is_after_a_moment(page, alice, bob):
    name(page).hover()
    expect(card(page)).to_have_count(0)
    page.clock.run_for(600)

    expect(card(page)).to_be_visible()
    expect(card(page)).to_contain_text("0 followers")
    with page.expect_response("**/@bob/follow"):
        card(page).locator("[data-act=follow]").click()
    expect(card(page)).to_contain_text("1 follower")
    page.mouse.move(5, 5)
    page.clock.run_for(600)
    expect(card(page)).to_be_hidden()


def test_a_card_is_fetched_once_and_stays_right(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    name(page).hover()
    page.clock.run_for(600)
    expect(card(page)).to_be_visible()
    with page.expect_response("**/@bob/follow"):
        card(page).locator("[data-act=follow]").click()
    page.mouse.move(5, 5)
    page.clock.run_for(600)

    page.locator(".post-text .mention", has_text="@bob").hover()
    page.clock.run_for(600)

    expect(card(page)).to_be_visible()
    follow = card(page).locator("[data-act=follow]")
    expect(follow).to_have_attribute("data-is-done", "true")
    assert len([url for url in asked if url.endswith("/card")]) == 1


def test_who_only_passes_over_a_name_sees_nothing(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    name(page).hover()
    page.clock.run_for(300)
    page.mouse.move(5, 5)
    page.clock.run_for(2_000)

    assert [url for url in asked if url.endswith("/card")] == []
    expect(card(page)).to_have_count(0)


def test_with_the_keyboard_one_goes_into_the_card_and_leaves_it_by_escape(page):
    page.locator(".post").focus()
    page.keyboard.press("Tab")
    expect(name(page)).to_be_focused()
    page.clock.run_for(1_000)
    expect(card(page)).to_be_visible()

    page.keyboard.press("Tab")
    expect(card(page).locator("[data-act=follow]")).to_be_focused()
    page.keyboard.press("Escape")

    expect(card(page)).to_be_hidden()
    expect(name(page)).to_be_focused()


def test_a_press_on_the_card_does_not_open_the_kwip(page):
    name(page).hover()
    page.clock.run_for(600)
    expect(card(page)).to_be_visible()

    card(page).click(position={"x": 4, "y": 4})

    expect(card(page)).to_be_visible()
    assert page.url.endswith("/")


def test_a_touch_shows_no_card(open_browser, alice, bob):
    bob.say("Hello.")
    page = open_browser(alice, size=PHONE)
    page.goto("/")

    name(page).tap()

    page.wait_for_url("**/@bob")
    expect(card(page)).to_have_count(0)
