"""Names are completed while one writes, with the keyboard and with a finger."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import expect

from kwip.services.media.emojis import NewEmoji
from tests.browser.conftest import NARROW
from tests.browser.test_soundness import AXE, RUN_AXE
from tests.pictures import plain


@pytest.fixture
def page(open_browser, site, alice, bob):
    for code in ("blobcat", "robot"):
        emoji = NewEmoji(name=code, shortcode=code, file=io.BytesIO(plain()))
        site.wiring.services.emojis.add([emoji], category=f"Of {code}s")
    alice.say("Plums #plums #plumcake")
    page = open_browser(alice, size=NARROW)
    page.clock.install()
    page.goto("/compose")
    return page


def listed(page):
    return page.get_by_role("listbox", name="Suggestions")


def options(page):
    return listed(page).get_by_role("option")


def write(page, text):
    """Write instead of the last word."""
    field = page.locator("#text")
    while field.input_value()[-1:] > " ":
        field.press("Backspace")
    field.press_sequentially(text)


def complete_a_person(page, text):
    asked = []
    page.on("request", lambda r: "/suggestions" in r.url and asked.append(r.url))
    write(page, "Hi @bo")

    expect(options(page)).to_have_text(["Bob @bob"])
    expect(page.get_by_role("status").filter(has_text="1 suggestion.")).to_have_count(1)
    expect(text).to_have_attribute("aria-activedescendant", "suggestion-0")
    page.evaluate(AXE)
    assert page.evaluate(RUN_AXE) == []
    box = listed(page).bounding_box()
    assert 0 <= box["x"] <= NARROW["width"] - box["width"]

    text.press_sequentially("b")  # whoever it may be is there already
    expect(options(page)).to_have_count(1)
    text.press("Enter")
    expect(text).to_have_value("Hi @bob ")
    expect(listed(page)).to_be_hidden()
    assert len(asked) == 1


def complete_a_hashtag(page, text):
    write(page, "#plu")
    expect(options(page)).to_have_count(2)
    expect(text).not_to_have_attribute("aria-activedescendant", "suggestion-0")
    text.press("Escape")  # closes the list, and does nothing else
    expect(listed(page)).to_be_hidden()
    expect(text).to_be_focused()
    text.press("m")
    page.clock.run_for(1_000)
    expect(listed(page)).to_be_hidden()

    write(page, "#plum")
    expect(options(page)).to_have_count(2)
    text.press("ArrowDown")
    text.press("ArrowDown")
    second = options(page).nth(1).inner_text()
    text.press("Tab")
    expect(text).to_have_value(f"Hi @bob {second} ")
    expect(text).to_be_focused()


def complete_an_emoji(page, text):
    before = text.input_value()
    page.context.set_offline(True)
    write(page, ":bl")
    page.clock.run_for(1_000)
    expect(listed(page)).to_be_hidden()

    page.context.set_offline(False)
    write(page, ":blo")
    options(page).first.tap()
    expect(text).to_have_value(f"{before}:blobcat: ")


def pick_an_emoji(page, text):
    before = text.input_value()
    page.get_by_role("button", name="Emoji", exact=True).click()
    panel = page.get_by_role("group", name="Emoji", exact=True)
    expect(panel.get_by_role("button")).to_have_count(2)
    assert page.evaluate(RUN_AXE) == []
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(text).to_have_value(before)

    page.get_by_role("button", name="Emoji", exact=True).click()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")

    expect(panel).to_be_hidden()
    expect(text).to_have_value(f"{before}:robot: ")
    expect(text).to_be_focused()


def test_names_are_completed_while_one_writes(page):
    text = page.locator("#text")
    complete_a_person(page, text)
    complete_a_hashtag(page, text)
    complete_an_emoji(page, text)
    pick_an_emoji(page, text)

    page.get_by_role("button", name="Post").click()

    expect(page.locator(".post-text .emoji").first).to_be_visible()
    expect(page.locator(".post-text .mention").first).to_have_text("@bob")
