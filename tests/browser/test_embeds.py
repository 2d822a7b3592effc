"""Kwips in frames on a page of another site, which allows no more than it must."""

from __future__ import annotations

import io
import math

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.other_site import other_site
from tests.pictures import plain


@pytest.fixture
def other():
    with other_site() as made:
        yield made


def test_a_quote_on_another_site_becomes_a_frame_as_high_as_its_content(
    open_browser, site, other, alice
):
    file = (io.BytesIO(plain(size=(640, 480))), "sea.png")
    media = alice.post("/api/v2/media", data={"file": file}).json["id"]
    said = alice.say("Look at the sea.\n\n" * 5, media_ids=[media])["id"]
    url = f"{site.origin}/@alice/{said}"
    code = site.app.test_client().get(f"/api/oembed?url={url}").json["html"]
    rules = (
        f"default-src 'none'; script-src {site.origin}/widgets/v1/; "
        f"style-src 'unsafe-inline'; frame-src {site.origin}/embed/"
    )
    page_url = other.serve(
        "/page",
        f"<!doctype html><html lang='de-AT'><title>x</title>{code}",
        Content_Security_Policy=rules,
    )

    page = open_browser(size=PHONE)
    page.goto(page_url)

    frame = page.frame_locator("iframe")
    expect(frame.locator(".text")).to_contain_text("Look at the sea.")
    inner = frame.locator("html").evaluate("e => e.getBoundingClientRect().height")
    expect(page.locator("iframe")).to_have_attribute("height", str(math.ceil(inner)))
    assert inner > 400
    with page.context.expect_page() as opened:
        frame.get_by_role("link", name="Auf Kwip ansehen").click()
    expect(opened.value).to_have_url(url)
    assert page.context.cookies() == []
    bare = open_browser(scripts=False)
    bare.goto(page_url)
    expect(bare.get_by_role("blockquote")).to_contain_text("Alice (@alice)")
    bare.goto(f"/embed/post/{said}?theme=dark")
    expect(bare.locator("main")).to_have_css("background-color", "rgb(20, 24, 26)")


def test_a_site_that_somebody_did_not_name_cannot_frame_them(
    open_browser, site, other, alice, seen
):
    alice.say("hello")
    own = open_browser(alice)
    own.goto("/settings/privacy")
    sites, save = own.get_by_label("Sites that may embed me"), own.get_by_text("Save")
    own.get_by_label("Show my public kwips").uncheck()
    expect(sites).to_be_hidden()
    own.get_by_label("Show my public kwips").check()
    seen.expected += ["422", "frame-ancestors", "ERR_BLOCKED_BY_RESPONSE"]
    sites.fill("https://blog.example\nblog.example")
    save.click()
    expect(own.get_by_text("Line 2: enter an address that begins")).to_be_visible()
    sites.fill("https://blog.example")
    save.click()
    expect(own.get_by_text("Changes saved.")).to_be_visible()

    page, frame = open_browser(), f'<iframe src="{site.origin}/embed/user/alice">'
    page.goto(
        other.serve("/page", f'<title>x</title><link rel="icon" href="data:,">{frame}')
    )
    own.goto("/widgets?kind=user&of=alice&way=frame")

    shown = own.frame_locator("#preview iframe").get_by_role("article")
    expect(shown).to_contain_text("hello")
    assert page.frames[1].url == "chrome-error://chromewebdata/"
