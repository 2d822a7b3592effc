"""The page that builds widgets, with a script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_soundness import axe_faults, overflow_of


@pytest.mark.long
def test_a_widget_is_shown_as_it_is_chosen_and_its_code_is_copied(
    open_browser, alice, seen
):
    seen.expected.append("400")
    alice.say("Green tea.")
    alice.say("The lamp at the door hums. #lamps")
    page = open_browser(alice, permissions=["clipboard-read", "clipboard-write"])
    page.goto("/widgets")
    cookies = {each["name"] for each in page.context.cookies()}
    shown = page.get_by_role("region", name="Preview").get_by_role("article")
    expect(shown).to_have_count(2)
    assert axe_faults(page) == []

    page.get_by_label("How many").fill("1")

    expect(shown).to_have_count(1)
    expect(page.locator("iframe")).to_have_count(0)  # that is for those without scripts
    page.get_by_role("button", name="Copy code").click()
    expect(page.get_by_text("Code copied.")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert '<kwip-timeline user="alice" limit="1">' in copied
    enter_a_wrong_name(page)
    expect(shown).to_have_count(1)
    try_the_other_ways(page)
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    assert axe_faults(page) == []
    assert overflow_of(page) == 0
    assert {each["name"] for each in page.context.cookies()} == cookies


def enter_a_wrong_name(page):
    """It is told at the field, and forgotten when the name is corrected."""
    name = page.get_by_label("Username")
    name.fill("nobody")
    expect(page.get_by_text("nobody with this username")).to_be_visible()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_be_focused()
    expect(page.get_by_label("Code")).to_have_value("")
    expect(page.get_by_role("button", name="Copy code")).to_be_hidden()
    name.fill("@Alice")
    expect(name).not_to_have_attribute("aria-invalid", "true")


def try_the_other_ways(page):
    page.get_by_role("link", name="Frame").click()
    kwip = page.frame_locator("iframe").get_by_role("article")
    expect(kwip).to_have_count(1)
    expect(kwip).to_contain_text("The lamp at the door")
    page.get_by_label("Theme").select_option("dark")
    frame = page.locator("iframe")
    expect(frame).to_have_attribute("src", re.compile("limit=1&theme=dark"))
    page.get_by_role("link", name="JSON").click()
    expect(page.locator("pre")).to_contain_text('"version": 1')
