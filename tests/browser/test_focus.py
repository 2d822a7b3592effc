"""After an act the keyboard continues where the reader was."""

from __future__ import annotations

from playwright.sync_api import expect

from kwip.domain.accounts.users import ProfileChange
from tests.wired import viewer_of


def test_the_focus_moves_on_when_an_entry_leaves_the_page_and_to_what_is_said(
    open_browser, site, alice, bob
):
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    quoted = alice.say("Plums are back.")["id"]
    for name in ("carol", "dave"):
        person = site.people(name)
        shown = ProfileChange(is_discoverable=True)
        site.wiring.services.users.update_profile(viewer_of(person.user), shown)
        bob.post(f"/api/v1/accounts/{person.id}/follow")
        person.say(f"{name} says", quoted_status_id=quoted)
    page = open_browser(alice)

    page.goto("/explore/people")
    people = page.locator("main .people > li")
    expect(people).to_have_count(2)
    page.evaluate("window.isSamePage = true")
    people.first.locator("[data-drops]").click()
    expect(people).to_have_count(1)
    expect(people.locator("a.person")).to_be_focused()
    assert page.evaluate("window.isSamePage")
    people.locator("[data-drops]").click()
    expect(page.locator("main .people > li")).to_have_count(0)

    page.goto(f"/@alice/{quoted}/quotes")
    page.locator("[data-drops]").first.click()
    expect(page.locator("article.post")).to_have_count(1)
    expect(page.locator("article.post")).to_be_focused()

    page.goto("/settings/reading")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".flash")).to_be_focused()
