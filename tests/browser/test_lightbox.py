"""Pictures in large, with a keyboard, a mouse and a finger."""

from __future__ import annotations

import io

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.browser.test_soundness import axe_faults
from tests.pictures import BLUE, RED, plain

SWIPE = """(target, [from, to]) => {
    const place = (clientX) => ({identifier: 1, target, clientX, clientY: 300});
    const touch = (clientX) => new Touch(place(clientX));
    const tell = (type, more) =>
        target.dispatchEvent(new TouchEvent(type, {bubbles: true, ...more}));
    tell("touchstart", {touches: [touch(from)], changedTouches: [touch(from)]});
    tell("touchend", {changedTouches: [touch(to)]});
}"""


def upload(person, content, name, description=""):
    fields = {"file": (io.BytesIO(content), name), "description": description}
    answer = person.post("/api/v2/media", data=fields)
    assert answer.status_code == 200, answer.text
    return answer.json["id"]


@pytest.fixture
def kwip(alice):
    """Return a kwip with a red and a blue picture."""
    red = upload(alice, plain(size=(640, 480), colour=RED), "red.png", "A red one.")
    blue = upload(alice, plain(size=(480, 640), colour=BLUE), "blue.png", "A blue one.")
    return alice.say("Look", media_ids=[red, blue])


def links(page):
    return page.locator("article .media a")


def large(page):
    return page.get_by_role("dialog", name="Pictures")


@pytest.mark.long
def test_pictures_are_seen_in_large_with_the_keyboard(open_browser, kwip):
    page = open_browser()
    page.goto("/")
    links(page).first.focus()

    page.keyboard.press("Enter")
    expect(large(page).get_by_text("A red one.")).to_be_visible()
    expect(large(page).get_by_text("1 of 2")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(large(page).get_by_text("A blue one.")).to_be_visible()
    assert axe_faults(page) == []
    page.keyboard.press("Escape")

    expect(large(page)).to_have_count(0)
    expect(links(page).nth(1)).to_be_focused()
    assert page.url.endswith("/")


@pytest.mark.long
def test_a_click_on_a_large_picture_zooms_and_one_beside_it_closes(open_browser, kwip):
    page = open_browser()
    page.goto("/")
    links(page).first.click()
    picture = large(page).get_by_role("img", name="A red one.")
    width = picture.bounding_box()["width"]

    picture.click()
    assert picture.bounding_box()["width"] > width * 1.5
    picture.click(position={"x": 600, "y": 300})
    assert picture.bounding_box()["width"] == width
    page.locator(".lightbox-stage").click(position={"x": 5, "y": 200})

    expect(large(page)).to_have_count(0)


@pytest.mark.long
def test_a_swipe_leads_to_the_next_picture(open_browser, kwip):
    page = open_browser(size=PHONE)
    page.goto("/")
    links(page).first.tap()
    expect(large(page).get_by_text("A red one.")).to_be_visible()

    page.locator(".lightbox-stage").evaluate(SWIPE, [300, 100])

    expect(large(page).get_by_text("A blue one.")).to_be_visible()
