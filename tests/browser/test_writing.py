"""What one writes appears where it belongs, without a reload."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.ops.stack import free_port
from tests.pictures import plain
from tests.thorough import part

SIZES = pytest.mark.parametrize("size", part([PHONE, DESKTOP], of=2))


@pytest.fixture
def live_port():
    return free_port()


@pytest.fixture
def question(alice, bob):
    """Return a kwip in alice's home."""
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    return bob.say("Is it far?")


@pytest.fixture
def open_home(open_browser, alice):
    """Return a function that opens alice's home, and marks the page as this one."""

    def open_one(size=DESKTOP, place="/home"):
        page = open_browser(alice, size=size)
        page.goto(place)
        page.evaluate("window.isSamePage = true")
        return page

    return open_one


def post(page, text):
    page.get_by_label("Your kwip").fill(text)
    page.get_by_role("button", name="Post", exact=True).click()


def test_the_address_of_a_kwip_shows_what_will_be_quoted(open_home, bob):
    question = bob.say("Is it far?\nOr not?")
    page = open_home()
    asked = []
    page.on("request", lambda it: asked.append(it.url))
    text = page.get_by_label("Your kwip")

    text.fill(f"See {question['url']}")
    card = page.locator(".compose .quote")
    expect(card).to_contain_text("@bob")
    expect(card.locator(".quote-line")).to_have_text("Is it far?")
    text.press_sequentially(" ")
    text.fill("See")

    expect(card).to_have_count(0)
    assert [url.endswith("/article") for url in asked].count(True) == 1


def test_a_new_kwip_stands_at_the_top_of_home_without_a_reload(open_home, question):
    page, sent = open_home(), []
    page.on("request", lambda it: it.url.endswith("/compose") and sent.append(it))

    for text in ("One.", "Two."):
        post(page, text)
        expect(page.locator(".post-text").first).to_have_text(text)

    expect(page.get_by_label("Your kwip")).to_have_value("")
    expect(page.locator(".limit")).to_have_text("")
    expect(page.locator(".post-text")).to_have_text(["Two.", "One.", "Is it far?"])
    with page.expect_response("**/favourite"):
        page.locator("[data-act=favourite]").first.click()
    assert page.evaluate("window.isSamePage")
    assert len(sent) == 2
    for each in sent:
        assert f"&key={each.headers['idempotency-key']}&" in each.post_data
    page.reload()
    expect(page.locator(".post-text")).to_have_text(["Two.", "One.", "Is it far?"])


def test_the_first_kwip_takes_the_place_of_the_welcome(open_home):
    page = open_home()

    post(page, "My first.")

    expect(page.locator(".post-text")).to_have_text(["My first."])
    expect(page.locator(".empty")).to_have_count(0)


def test_nor_is_it_offered_if_a_poll_counts_it_before_it_is_shown(open_home, question):
    page = open_home()
    held = []
    page.route("**/article", lambda route: held.append(route))  # noqa: PLW0108 - by arity

    with page.expect_request("**/article"):
        post(page, "Mine.")
    offer = page.get_by_role("button", name="new kwip")
    expect(offer).to_have_text("1 new kwip")
    held[0].continue_()

    expect(page.locator(".post-text").first).to_have_text("Mine.")
    expect(offer).to_have_count(0)


def test_what_one_wrote_here_is_not_offered_as_new(open_home, question, bob):
    page = open_home()

    post(page, "Mine.")
    expect(page.locator(".post-text").first).to_have_text("Mine.")
    bob.say("Not yours.")

    offer = page.get_by_role("button", name="new kwip")
    expect(offer).to_have_text("1 new kwip")
    offer.click()
    expect(page.locator(".post-text")).to_have_text(
        ["Not yours.", "Mine.", "Is it far?"]
    )


@SIZES
def test_a_reply_is_written_and_shown_below_its_parent(open_home, question, bob, size):
    page = open_home(size=size)

    page.get_by_role("link", name="Reply").click()
    expect(page.get_by_label("Your reply to @bob")).to_be_focused()
    page.keyboard.type("Only a mile.")
    page.get_by_role("button", name="Reply", exact=True).click()

    texts = page.locator(".post-text")
    expect(texts).to_have_count(2)
    expect(texts.nth(1)).to_contain_text("Only a mile.")
    expect(page.locator("[data-key=r] .count").first).to_have_text("1")
    expect(page.locator(".reply-here")).to_have_count(0)
    assert page.evaluate("window.isSamePage")
    notices = bob.get("/api/v1/notifications").json
    assert [notice["type"] for notice in notices] == ["mention", "follow"]


def test_two_forms_are_open_at_once_and_each_field_has_a_name_of_its_own(
    open_home, question
):
    page = open_home()

    page.get_by_role("link", name="Reply").click()
    expect(page.get_by_label("Your reply to @bob")).to_be_focused()

    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))
    expect(page.get_by_label("Who can see this")).to_have_count(2)


def test_escape_closes_the_form_and_the_text_comes_back(open_home, question):
    page = open_home()
    link = page.get_by_role("link", name="Reply")
    link.click()
    field = page.get_by_label("Your reply to @bob")
    expect(field).to_be_focused()
    page.keyboard.type("Half a tho")

    page.keyboard.press("Escape")
    expect(field).to_have_count(0)
    expect(link).to_be_focused()
    page.keyboard.press("Enter")

    expect(field).to_have_value("Half a tho")


def test_a_reply_within_a_thread_is_shown_one_step_further_in(
    open_home, alice, bob, question
):
    bob.say("Or near?", in_reply_to_id=question["id"])
    page = open_home(place=f"/@bob/{question['id']}")

    page.locator(".replies").get_by_role("link", name="Reply").click()
    form = page.locator(".reply-here")
    form.get_by_label("Your reply to @bob").fill("Both.")
    form.get_by_role("button", name="Reply", exact=True).click()

    expect(page.locator(".replies > .depth-2 .post-text")).to_have_text("Both.")
    assert page.evaluate("window.isSamePage")


def test_a_reply_that_is_refused_stays_with_the_reason(open_home, question, seen):
    seen.expected.append("422")
    page = open_home()
    page.get_by_role("link", name="Reply").click()
    field = page.get_by_label("Your reply to @bob")
    field.fill("x" * 501)

    page.get_by_role("button", name="Reply", exact=True).click()

    expect(page.locator(".reply-here .wrong")).to_contain_text("too many")
    expect(field).to_be_focused()


def test_without_a_form_to_open_the_link_is_followed(open_home, question, seen):
    seen.expected.append("Failed to load resource")
    page = open_home()
    page.route("**/reply", lambda route: route.abort())

    page.get_by_role("link", name="Reply").click()

    page.wait_for_url("**#reply")


def test_a_picture_is_sent_with_a_script_too(open_home, tmp_path):
    file = tmp_path / "lamp.png"
    file.write_bytes(plain())
    page = open_home()

    page.locator("#write input[type=file]").first.set_input_files(file)
    post(page, "Look.")

    article = page.locator("article.post")
    expect(article.locator(".post-text")).to_have_text("Look.")
    expect(article.locator("img:not(.avatar)")).to_have_count(1)
    assert page.evaluate("window.isSamePage")


def test_a_draft_is_continued_in_another_browser_and_a_filter_folds_what_it_says(
    open_home, open_browser, alice, bob
):
    page = open_home()
    page.get_by_label("Your kwip").fill("Half a thought about #tea")
    page.locator(".compose-later > summary").click()
    zone = page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    expect(page.locator("[data-of-device]")).to_contain_text(zone)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_text("Draft saved.")).to_be_visible()

    other = open_browser(bob)
    bob.post("/api/v1/filters", json={"phrase": "tea", "context": ["public"]})
    page = open_browser(alice, size=PHONE)
    page.goto("/drafts")
    page.get_by_role("link", name="Half a thought").click()
    text = page.get_by_label("Your kwip")
    expect(text).to_have_value("Half a thought about #tea")
    text.press("End")
    text.press_sequentially(", whole")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("Half a thought about #tea, whole")).to_be_visible()
    page.goto("/drafts")
    expect(page.get_by_text("No drafts")).to_be_visible()
    other.goto("/")
    said = other.get_by_text("Half a thought about #tea, whole")
    expect(said).to_be_hidden()
    other.get_by_text("Filtered: tea").click()
    expect(said).to_be_visible()
