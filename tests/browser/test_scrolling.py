"""Older kwips load by themselves near the end of a page, which still has an end."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.pages import DEFAULT_LIMIT

#: As many pages as load by themselves, and the first one.
BY_THEMSELVES = 6


@pytest.fixture
def open_home(site, open_browser, alice):
    """Return a function that opens a home of so many full pages."""

    def open_home(pages):
        for number in range(pages * DEFAULT_LIMIT):
            draft = Draft(text=f"Number {number}.")
            site.wiring.services.posts.publish(alice.user.id, draft)
        page = open_browser(alice)
        page.goto("/home")
        return page

    return open_home


def scroll_down(page):
    page.evaluate("scrollTo(0, document.body.scrollHeight)")


def scroll_until(page, count):
    """Scroll as people do until a page has so many kwips."""
    posts = page.locator("article.post")
    for number in range(2, count // DEFAULT_LIMIT + 1):
        scroll_down(page)
        expect(posts.nth(number * DEFAULT_LIMIT - 1)).to_be_attached()
    expect(posts).to_have_count(count)


@pytest.mark.long
def test_older_kwips_come_until_the_page_is_long_and_then_by_a_link(open_home):
    page = open_home(BY_THEMSELVES + 1)
    scroll_until(page, BY_THEMSELVES * DEFAULT_LIMIT)

    scroll_down(page)
    older = page.get_by_role("link", name="Older")
    older.click()

    page.wait_for_url("**max_id=**")
    newest = f"Number {DEFAULT_LIMIT - 1}."
    expect(page.locator(".post-text").first).to_have_text(newest)
    expect(page.get_by_role("link", name="Older")).to_have_count(0)
    assert page.locator("article.post").count() == DEFAULT_LIMIT


def test_what_came_is_in_order_and_can_be_acted_on_and_is_kept_for_who_comes_back(
    open_home,
):
    page = open_home(3)
    scroll_until(page, 3 * DEFAULT_LIMIT)
    texts = page.locator(".post-text").all_inner_texts()
    assert texts == [f"Number {number}." for number in reversed(range(len(texts)))]
    post = page.locator("article.post").nth(2 * DEFAULT_LIMIT + 5)
    post.scroll_into_view_if_needed()
    with page.expect_response("**/favourite"):
        post.locator("[data-act=favourite]").click()
    text, top = post.locator(".post-text").inner_text(), post.bounding_box()["y"]

    post.locator(".post-text").click()
    expect(page.locator(".post-focus")).to_be_visible()
    page.go_back()

    again = page.locator("article.post", has_text=text)
    expect(again).to_be_in_viewport()
    assert abs(again.bounding_box()["y"] - top) < 3
    expect(again.locator("[data-act=favourite]")).to_have_attribute(
        "aria-pressed", "true"
    )


@pytest.mark.long
def test_what_cannot_be_loaded_stays_behind_its_link(open_home, seen):
    seen.expected.append("Failed to load resource")
    page = open_home(2)
    page.route("**max_id=**", lambda route: route.abort())
    with page.expect_event("requestfailed"):
        scroll_down(page)

    page.unroute("**max_id=**")
    page.get_by_role("link", name="Older").click()

    page.wait_for_url("**max_id=**")
    expect(page.get_by_role("link", name="Newer")).to_be_visible()
