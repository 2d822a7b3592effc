"""Pictures before they are here, and videos while they play."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_lightbox import upload
from tests.pictures import RED, animated, plain

#: Whether a video plays, asked when the page's own observers have seen it too.
PLAYS_IN_SIGHT = """video => new Promise((answer) => {
    const told = ([{isIntersecting}]) =>
        isIntersecting && requestAnimationFrame(() => answer(!video.paused));
    new IntersectionObserver(told, {threshold: 0.25}).observe(video);
})"""


def test_a_blur_stands_in_for_a_picture_until_it_is_here(open_browser, alice):
    red = upload(alice, plain(size=(640, 480), colour=RED), "red.png")
    alice.say("Look", media_ids=[red])
    page = open_browser()
    waiting = []

    def wait(route):
        waiting.append(route)

    page.route("**/*-small.webp", wait)
    with page.expect_request("**/*-small.webp"):
        page.goto("/", wait_until="domcontentloaded")

    blur = page.locator(".media canvas")
    expect(blur).to_be_visible()
    pixel = blur.evaluate(
        "it => [...it.getContext('2d').getImageData(9, 9, 1, 1).data]"
    )
    assert pixel == pytest.approx([*RED, 255], abs=6)
    waiting[0].continue_()
    expect(blur).to_have_count(0)


def is_playing(page, video, plays):
    page.wait_for_function(
        "([it, plays]) => it.paused !== plays", arg=[video.element_handle(), plays]
    )


def test_a_loop_plays_in_sight_until_its_reader_stops_it(open_browser, alice):
    loop = upload(alice, animated(size=(320, 240), durations=(200,) * 10), "it.gif")
    alice.say("Look", media_ids=[loop])
    for number in range(12):
        alice.say(f"Later {number}")
    page = open_browser()
    page.emulate_media(reduced_motion="no-preference")
    page.goto("/")
    video = page.locator("article video")

    video.scroll_into_view_if_needed()
    is_playing(page, video, plays=True)
    page.evaluate("scrollTo(0, 0)")
    is_playing(page, video, plays=False)
    video.scroll_into_view_if_needed()
    is_playing(page, video, plays=True)
    assert video.evaluate("it => it.muted")
    video.evaluate("it => it.pause()")
    page.evaluate("scrollTo(0, 0)")
    video.scroll_into_view_if_needed()

    assert not video.evaluate(PLAYS_IN_SIGHT)


def test_a_loop_rests_for_who_wants_less_motion(open_browser, alice):
    loop = upload(alice, animated(size=(320, 240), durations=(200,) * 10), "it.gif")
    alice.say("Look", media_ids=[loop])
    page = open_browser()

    page.goto("/")

    video = page.locator("article video")
    assert not video.evaluate(PLAYS_IN_SIGHT)
    assert video.evaluate("it => it.controls")
