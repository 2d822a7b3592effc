"""People and hashtags are followed without a reload, and every copy is kept in step."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


def follow_button(page, subject="@bob"):
    return page.locator(f"[data-act=follow][data-of='{subject}']")


def expect_shown(button, label):
    """Expect what is seen of a button's words, which is also its name."""
    for each in ("Follow", "Following", "Unfollow"):
        word = button.get_by_text(each, exact=True)
        expect(word).to_have_css("visibility", "visible" if each == label else "hidden")


@pytest.fixture
def page(open_browser, alice, bob):
    page = open_browser(alice)
    page.goto("/@bob")
    return page


def test_one_follows_without_a_reload_and_sees_all_that_depends_on_it(page, alice, bob):
    page.evaluate("window.isSamePage = true")
    button, bell = follow_button(page), page.locator("[data-act=notify]")
    followers = page.locator("[data-followers-of]")
    expect_shown(button, "Follow")
    expect(bell).to_be_hidden()

    with page.expect_response("**/@bob/follow"):
        button.click()
    page.mouse.move(0, 0)

    expect_shown(button, "Following")
    expect(bell).to_be_visible()
    expect(followers).to_have_text("1 follower")
    with page.expect_response("**/@bob/notify"):
        bell.click()
    expect(page.get_by_text("Notifications on", exact=True)).to_be_visible()
    with page.expect_response("**/@bob/unfollow"):
        button.click()
    expect_shown(button, "Follow")
    expect(bell).to_be_hidden()
    expect(bell).to_have_attribute("aria-pressed", "false")
    expect(followers).to_have_text("0 followers")
    assert page.evaluate("window.isSamePage")
    relations = alice.get(f"/api/v1/accounts/relationships?id[]={bob.id}").json
    assert not relations[0]["following"]


def test_following_says_unfollow_under_the_pointer_and_with_the_focus(page, alice, bob):
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    page.reload()
    button = follow_button(page)
    width = button.bounding_box()["width"]
    expect_shown(button, "Following")

    button.hover()
    expect_shown(button, "Unfollow")
    page.mouse.move(0, 0)
    expect_shown(button, "Following")
    page.locator("[data-act=notify]").focus()
    page.keyboard.press("Tab")
    expect(button).to_be_focused()
    expect_shown(button, "Unfollow")

    assert button.bounding_box()["width"] == width


def test_a_button_that_was_just_pressed_says_what_it_did(page):
    button = follow_button(page)

    button.click()

    expect_shown(button, "Following")


def test_a_follow_that_fails_is_taken_back_with_the_reason(page, alice, bob, seen):
    seen.expected.append("403")
    bob.post(f"/api/v1/accounts/{alice.id}/block")

    follow_button(page).click()

    expect(page.locator(".toast")).to_contain_text("You can't follow this user.")
    expect_shown(follow_button(page), "Follow")
    expect(page.locator("[data-followers-of]")).to_have_text("0 followers")


def test_a_hashtag_is_followed_without_a_reload(page, alice):
    page.goto("/tags/lamps")
    hint = page.get_by_text("Public kwips with this hashtag appear in your Home.")
    expect(hint).to_be_hidden()

    with page.expect_response("**/tags/lamps/follow"):
        follow_button(page, "#lamps").click()

    expect(hint).to_be_visible()
    assert alice.get("/api/v1/tags/lamps").json["following"]
