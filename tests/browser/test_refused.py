"""A refused kwip says why at its field, and the form is as before once it is posted."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_uploads import choose, description, picture, publish, uploaded


@pytest.fixture
def page(open_browser, alice, seen):
    seen.expected.append("422")
    return open_browser(alice)


def expect_wrong(page, field, why):
    alert = page.get_by_role("alert").filter(has_text=why)
    expect(alert).to_be_visible()
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_attribute("aria-describedby", alert.get_attribute("id"))


def expect_nothing_wrong(page):
    expect(page.locator("form [aria-invalid]")).to_have_count(0)
    expect(page.locator("form .wrong")).to_have_count(0)


def test_a_refused_poll_says_why_at_its_options_and_is_gone_once_posted(page):
    page.goto("/home")
    page.get_by_label("Your kwip").fill("Which?")
    page.locator(".compose-poll > summary").click()
    first, second = (page.get_by_label(f"Option {n}", exact=True) for n in (1, 2))
    first.fill("Rye")

    publish(page)

    expect_wrong(page, first, "Add at least 2 options.")
    second.fill("Wheat")
    expect_nothing_wrong(page)
    second.fill("Rye")
    publish(page)
    expect_wrong(page, first, "Two options are the same.")
    page.locator(".compose-poll > summary").click()
    first.evaluate("field => { field.value = 'Wheat' }")
    publish(page)
    article = page.locator("article.post")
    expect(article).to_have_count(1)
    expect_nothing_wrong(page)
    expect(first).to_be_hidden()
    expect(first).to_have_value("")
    expect(article).to_be_focused()


def test_a_picture_that_lacks_its_description_is_named_in_each_form(page):
    page.goto("/settings/reading")
    page.locator("[name=requires_descriptions]").check()
    publish(page, "Save")
    page.goto("/home")
    choose(page, picture(), picture("you.png"))
    expect(uploaded(page)).to_have_count(2)
    description(page, 1).fill("Me")
    page.get_by_label("Your kwip").fill("Us.")

    publish(page)

    expect_wrong(page, description(page, 2), "Add a description to file 2")
    description(page, 2).fill("You")
    expect_nothing_wrong(page)
    publish(page)
    expect(page.locator("article .media img")).to_have_count(2)
    page.locator("article.post a[href$='/edit']").evaluate("link => link.click()")
    description(page, 1).fill("")
    publish(page, "Save")
    expect_wrong(page, description(page, 1), "Add a description")


def test_a_vote_without_a_choice_is_an_error_of_the_poll_and_is_not_sent(page, bob):
    asked = {"options": ["Rye", "Wheat"], "expires_in": 3_600}
    page.goto(f"/@bob/{bob.say('Which?', poll=asked)['id']}")
    page.evaluate("window.isSamePage = true")
    first = page.get_by_label("Rye")
    alert = page.locator(".poll [role=alert]")

    publish(page, "Vote")

    expect(alert).to_have_text("Choose an option.")
    expect(first).to_be_focused()
    page.get_by_label("Wheat").check()
    expect(alert).to_have_count(0)
    assert page.evaluate("window.isSamePage")
    publish(page, "Vote")
    expect(page.get_by_text("Your vote was counted.")).to_be_visible()
