"""Two people in two windows see each other, without a reload and without a jump."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, NARROW
from tests.ops.stack import free_port
from tests.thorough import part


@pytest.fixture
def live_port():
    return free_port()


@pytest.mark.parametrize("place", part(["/", "/home"], of=2, first=1))
def test_what_one_writes_is_offered_in_the_others_window_and_comes_in_place(
    open_browser, alice, bob, place
):
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    for number in range(12):
        bob.say(f"Earlier, number {number}.")
    loader, writing = open_browser(alice), open_browser(bob)
    loader.goto(place)
    loader.mouse.wheel(0, 700)
    looked_at = loader.locator(".post", has_text="number 4.")
    before = looked_at.bounding_box()["y"]

    writing.goto("/home")
    writing.get_by_label("Your kwip").fill("Hello from the other window.")
    writing.get_by_role("button", name="Post", exact=True).click()

    offer = loader.get_by_role("button", name="1 new kwip")
    expect(offer).to_be_visible()
    assert looked_at.bounding_box()["y"] == before
    offer.click()
    expect(loader.locator(".post-text").first).to_have_text(
        "Hello from the other window."
    )
    assert abs(looked_at.bounding_box()["y"] - before) <= 1
    assert loader.get_by_role("button", name="new kwip").count() == 0


@pytest.mark.parametrize("size", part([NARROW, DESKTOP], of=2))
def test_the_offer_covers_no_kwip(open_browser, alice, bob, size):
    bob.say("Earlier.")
    page = open_browser(alice, size=size)
    page.goto("/")
    bob.say("Fresh.")

    offer = page.get_by_role("button", name="1 new kwip")
    expect(offer).to_be_visible()

    box = offer.bounding_box()
    assert box["y"] + box["height"] <= page.locator(".post").bounding_box()["y"]


def test_what_is_put_in_place_can_be_acted_on_at_once(open_browser, alice, bob):
    page = open_browser(alice, size=NARROW)
    page.goto("/")
    bob.say("Fresh.")

    page.get_by_role("button", name="1 new kwip").click()
    heart = page.locator(".post", has_text="Fresh.").locator("[data-act=favourite]")
    heart.click()

    expect(heart).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("scrollTo(9999, 0), scrollX") == 0


def test_a_reposted_kwip_goes_to_the_top_and_stands_nowhere_else(
    open_browser, site, alice, bob
):
    carol = site.people("carol")
    for person in (bob, carol):
        alice.post(f"/api/v1/accounts/{person.id}/follow")
    said = [bob.say(f"Earlier, number {number}.") for number in range(12)]
    page = open_browser(alice)
    page.goto("/home")
    page.mouse.wheel(0, 700)
    looked_at = page.locator(".post", has_text="number 2.")
    looked_at.focus()
    before = looked_at.bounding_box()["y"]

    carol.post(f"/api/v1/statuses/{said[9]['id']}/reblog")
    offer = page.get_by_role("button", name="1 new kwip")
    offer.click()
    again = page.locator(".post", has_text="number 9.")

    expect(again.locator(".post-why")).to_contain_text("Carol reposted")
    assert again.count() == 1
    assert abs(looked_at.bounding_box()["y"] - before) <= 1


def test_what_came_in_place_is_read_when_one_stops_there(open_browser, alice, bob):
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    bob.say("Before.")
    page = open_browser(alice)
    page.goto("/home")
    bob.say("Fresh.")
    page.get_by_role("button", name="1 new kwip").click()
    expect(page.locator(".post")).to_have_count(2)

    page.get_by_role("button", name="Mark all as read").click()

    expect(page.get_by_text("You're all caught up")).to_be_visible()


def test_without_a_script_a_reload_shows_it(open_browser, alice, bob):
    page = open_browser(alice, scripts=False)
    page.goto("/")
    bob.say("Fresh.")

    page.reload()

    expect(page.locator(".post-text")).to_have_text(["Fresh."])


def test_a_favourite_and_a_follow_are_told_in_the_others_window_and_read_there(
    open_browser, alice, bob
):
    post = alice.say("Worth liking.")
    page = open_browser(alice)
    page.goto("/notifications")

    bob.post(f"/api/v1/statuses/{post['id']}/favourite")
    expect(page.get_by_role("button", name="1 new notification")).to_be_visible()
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    offer = page.get_by_role("button", name="2 new notifications")
    with page.expect_response("**/notifications/seen"):
        offer.click()

    expect(page.locator(".notice-said").first).to_contain_text("Bob followed you")
    expect(page.locator(".notice-said").last).to_contain_text("Bob favourited")
    expect(page.locator("#unread")).to_be_hidden()
    page.goto("/home")
    expect(page.locator("#unread")).to_be_hidden()


def test_without_a_script_a_button_marks_notifications_as_read(
    open_browser, alice, bob
):
    page = open_browser(alice, scripts=False)
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    page.goto("/notifications")
    expect(page.locator("#unread")).to_have_text("1 unread")

    page.get_by_role("button", name="Mark all as read").click()

    expect(page.locator("#unread")).to_be_hidden()
    expect(page.locator(".notice-said")).to_contain_text("Bob followed you")


@pytest.mark.parametrize("place", part(["/@bob", "/home", "/settings/profile"], of=3))
def test_the_badge_and_the_title_count_on_every_page_and_in_all_windows(
    open_browser, alice, bob, place
):
    page, other = open_browser(alice), open_browser(alice)
    page.goto(place)
    title = page.title()
    badge = page.locator("#unread")
    expect(badge).to_be_hidden()

    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    expect(badge).to_have_text("1 unread")
    expect(page).to_have_title(f"(1) {title}")
    page.reload()
    expect(page).to_have_title(f"(1) {title}")
    other.goto("/notifications")

    expect(badge).to_be_hidden()
    expect(page).to_have_title(title)
    expect(other).to_have_title("Notifications · Kwip")


def test_a_kwip_that_is_deleted_elsewhere_leaves_open_windows(open_browser, alice, bob):
    for number in range(8):
        bob.say(f"Earlier, number {number}.")
    goes = bob.say("Not for long.")
    for number in range(4):
        bob.say(f"Later, number {number}.")
    page, thread = open_browser(alice), open_browser(alice)
    page.goto("/")
    thread.goto(f"/@bob/{goes['id']}")
    replying = thread.context.new_page()
    replying.goto(thread.url)
    replying.get_by_label("Your reply").fill("I saw it.")
    page.mouse.wheel(0, 900)
    read = page.locator(".post", has_text="number 4.")
    expect(read).to_be_in_viewport()
    before = read.bounding_box()["y"]

    bob.ask("DELETE", f"/api/v1/statuses/{goes['id']}")

    expect(page.locator(".post", has_text="Not for long.")).to_have_count(0)
    assert page.locator(".post").count() == 12
    assert abs(read.bounding_box()["y"] - before) <= 1
    for each in (thread, replying):
        expect(each.get_by_text("This kwip was deleted.")).to_be_visible()
        expect(each.get_by_role("button", name="Reply", exact=True)).to_have_count(0)
    expect(thread.get_by_label("Your reply")).to_have_count(0)
    expect(replying.get_by_label("Your reply")).to_have_value("I saw it.")
    expect(replying.get_by_label("Your reply")).not_to_be_editable()


def test_the_results_of_a_poll_follow_the_votes(open_browser, site, alice, bob):
    asked = {"options": ["Rye", "Wheat"], "expires_in": 300}
    poll = bob.say("Which?", poll=asked)["id"]
    votes = f"/api/v1/polls/{poll}/votes"
    alice.post(votes, json={"choices": [0]})
    page = open_browser(alice)
    page.goto("/")
    shares = page.locator(".poll-share")
    expect(shares).to_have_text(["100%", "0%"])

    site.people("carol").post(votes, json={"choices": [1]})
    bob.say("Fresh.")  # wakes the page, which else asks at the end of its wait

    expect(shares).to_have_text(["50%", "50%"])
    expect(page.locator(".poll-facts")).to_contain_text("2 people voted")
    expect(page.locator(".poll-own")).to_have_count(1)
