"""What people do on the pages: by keyboard, with a script, and without one."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE
from tests.people import PASSWORD
from tests.servers import wait_until
from tests.wired import viewer_of


def tab_to(page, locator):
    """Press Tab until something has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if locator.evaluate("e => e === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"no Tab leads to {locator}")


def button(page, name):
    return page.get_by_role("button", name=name)


def hold(page, address):
    """Let requests to an address wait for ever; give what may let them go on."""
    held = []

    def on_request(route):
        held.append(route)

    page.route(address, on_request)
    return held


def test_by_keyboard_alone_one_signs_in_writes_favourites_and_leaves(
    open_browser, alice, bob
):
    bob.say("Something to like.")
    page = open_browser()
    page.goto("/login")
    keys = page.keyboard

    tab_to(page, page.get_by_label("Username or email"))
    keys.type("alice")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    page.wait_for_url("**/home")

    keys.press("n")
    keys.type("Written without a mouse.")
    keys.press("Control+Enter")
    expect(page.locator(".post-text")).to_have_text(["Written without a mouse."])

    page.goto("/")
    keys.press("j")
    keys.press("j")
    expect(page.locator(".post:focus")).to_contain_text("Something to like.")
    keys.press("f")
    liked = page.locator(".post:focus [data-act=favourite]")
    expect(liked).to_have_attribute("aria-pressed", "true")


def test_a_menu_is_opened_walked_and_closed_by_keyboard_and_one_logs_out(
    open_browser, alice, bob
):
    bob.say("Something to like.")
    page = open_browser(alice)
    page.goto("/")
    keys = page.keyboard
    keys.press("j")

    more = page.locator(".post:focus-within summary", has_text="More")
    tab_to(page, more)
    keys.press("Enter")
    expect(page.locator(".menu[open] .menu-items")).to_be_visible()
    keys.press("ArrowDown")
    first = page.locator(".menu[open]").get_by_text("Quote", exact=True)
    expect(first).to_be_focused()
    keys.press("Escape")
    expect(page.locator(".menu[open]")).to_have_count(0)
    expect(more).to_be_focused()

    tab_to(page, button(page, "Log out"))
    keys.press("Enter")
    expect(page.get_by_text("You're logged out.")).to_be_visible()


def test_the_focus_is_seen_wherever_it_goes(open_browser, alice, bob):
    bob.say("Read me, at https://example.org or by @alice.")
    page = open_browser(alice)
    page.goto("/")
    unseen = []

    for _ in range(30):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
              const e = document.activeElement, s = getComputedStyle(e);
              const isThick = parseFloat(s.outlineWidth) >= 2;
              const isLined = e.matches(".compose textarea") && s.boxShadow !== "none";
              const isSeen = (s.outlineStyle !== "none" && isThick) || isLined;
              return isSeen || e === document.body ? "" : e.outerHTML;
            }"""
        )
        unseen += [found] if found else []

    assert unseen == []


def test_a_question_mark_lists_the_keys_and_they_can_be_switched_off(
    open_browser, alice
):
    page = open_browser(alice)
    page.goto("/home")

    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Enable shortcuts").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("n")

    expect(page.locator("#text")).not_to_be_focused()


def test_without_a_script_one_does_all_of_it(open_browser, alice, bob):
    bob.say("Something to like.", spoiler_text="Plums")
    page = open_browser(scripts=False)
    page.goto("/login")
    page.get_by_label("Username or email").fill("alice")
    page.get_by_label("Password").fill(PASSWORD)
    button(page.locator("main"), "Log in").click()

    page.get_by_label("Your kwip").fill("Written without a script.")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.locator(".post-text")).to_have_text(["Written without a script."])

    page.goto("/")
    post = page.locator(".post", has_text="Plums")
    text = post.locator(".post-text")
    expect(text).to_be_hidden()
    post.locator(".folded summary").click()
    expect(text).to_be_visible()
    for act in ("Favourite", "Repost", "Bookmark"):
        button(post, act).click()
        expect(button(post, act)).to_have_attribute("aria-pressed", "true")
    expect(button(post, "Favourite")).to_contain_text("1")

    page.goto("/home")
    own = page.locator(".post", has_text="Written without")
    own.locator("summary", has_text="More").click()
    own.get_by_role("link", name="Delete", exact=True).click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Kwip deleted.")).to_be_visible()
    button(page, "Log out").click()
    expect(page.get_by_text("You're logged out.")).to_be_visible()


def test_an_act_is_shown_at_once_wherever_the_kwip_stands(open_browser, alice, bob):
    said = bob.say("Twice on this page.")
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    alice.post(f"/api/v1/statuses/{said['id']}/reblog")
    page = open_browser(alice)
    page.goto("/home")
    hearts = page.locator("[data-act=favourite]")

    with page.expect_response("**/favourite"):
        hearts.first.click()

    for heart in hearts.all():
        expect(heart).to_have_attribute("aria-pressed", "true")
        expect(heart).to_contain_text("1")
    page.reload()
    expect(hearts.first).to_have_attribute("aria-pressed", "true")
    hearts.first.click()
    expect(hearts.last).to_have_attribute("aria-pressed", "false")
    assert hearts.first.locator(".count").inner_text() == ""


def test_an_act_that_fails_is_taken_back_with_a_word(
    open_browser, site, alice, bob, seen
):
    seen.expected.append("Failed to load resource")
    bob.say("Hard to like.")
    page = open_browser(alice)
    page.goto("/")
    page.route("**/favourite", lambda route: route.abort())
    heart = button(page.locator(".post"), "Favourite")

    heart.click()

    expect(page.get_by_role("status")).to_contain_text(["You're offline."])
    expect(heart).to_have_attribute("aria-pressed", "false")
    page.unroute("**/favourite")
    with page.expect_response("**/favourite"):
        button(page, "Try again").click()
    expect(heart).to_have_attribute("aria-pressed", "true")

    site.wiring.services.account.end_other_sessions(viewer_of(alice.user))
    heart.click()
    expect(page.get_by_role("status")).to_contain_text(["You're logged out."])
    assert button(page, "Try again").count() == 0
    button(page, "Log in").click()
    expect(page).to_have_url(f"{site.origin}/login?next=%2F")


def test_one_request_that_hangs_holds_up_no_other_act(open_browser, alice, bob):
    bob.say("Calm.")
    bob.say("Hangs.")
    page = open_browser(alice)
    page.clock.install()
    page.goto("/")
    hung = page.locator(".post", has_text="Hangs.").locator("[data-act=favourite]")
    calm = page.locator(".post", has_text="Calm.").locator("[data-act=favourite]")
    hold(page, f"**{hung.get_attribute('formaction')}")

    with page.expect_request("**/favourite"):
        hung.click()
    expect(hung).to_have_attribute("aria-pressed", "true")
    with page.expect_response("**/favourite"):
        calm.click()
    expect(calm).to_have_attribute("aria-pressed", "true")

    page.clock.run_for(16_000)
    expect(page.get_by_role("status")).to_contain_text(["Kwip isn't responding."])
    expect(hung).to_have_attribute("aria-pressed", "false")
    expect(calm).to_have_attribute("aria-pressed", "true")


def test_what_is_pressed_last_shows_at_once_and_wins(open_browser, alice, bob):
    said = bob.say("Undecided.")
    page = open_browser(alice)
    page.goto("/")
    heart = button(page.locator(".post"), "Favourite")
    held = hold(page, "**/favourite")

    with page.expect_request("**/favourite"):
        heart.click()
    heart.click()
    heart.click()
    heart.click()
    expect(heart).to_have_attribute("aria-pressed", "false")
    with page.expect_response("**/unfavourite"):
        held[0].continue_()

    expect(heart).to_have_attribute("aria-pressed", "false")
    assert len(held) == 1
    assert alice.get(f"/api/v1/statuses/{said['id']}").json["favourites_count"] == 0


def test_who_is_signed_out_meanwhile_is_told_and_nothing_pretends(
    open_browser, alice, bob, seen
):
    seen.expected.append("401")
    bob.say("Too late.")
    page = open_browser(alice)
    page.goto("/")
    page.context.clear_cookies()

    button(page.locator(".post"), "Favourite").click()

    expect(page.get_by_text("You're logged out.")).to_be_visible()
    heart = button(page.locator(".post"), "Favourite")
    expect(heart).to_have_attribute("aria-pressed", "false")


def test_a_menu_is_whole_where_there_is_room(open_browser, alice):
    said = alice.say("Worth keeping.")
    page = open_browser(alice)
    page.goto(f"/@alice/{said['id']}")

    page.locator(".post-focus summary", has_text="More").click()

    items = page.locator(".menu[open] .menu-items")
    assert items.evaluate("it => it.scrollHeight - it.clientHeight") == 0


def test_a_deletion_is_counted_on_the_profile_and_can_be_undone(open_browser, alice):
    alice.say("Worth keeping.")
    page = open_browser(alice)
    page.goto("/@alice")
    count = page.locator(".counts > li").first
    post = page.locator(".post")

    post.locator("summary", has_text="More").click()
    post.get_by_role("link", name="Delete", exact=True).click()
    expect(post).to_be_hidden()
    expect(count).to_have_text("0 kwips")
    button(page, "Undo").click()

    expect(post).to_be_visible()
    expect(post).to_be_focused()
    expect(count).to_have_text("1 kwip")
    page.reload()
    expect(post).to_be_visible()


def test_after_a_deletion_one_goes_on_at_the_next_kwip(open_browser, alice):
    alice.say("Then comes this.")
    alice.say("Not worth keeping.")
    page = open_browser(alice)
    page.clock.install()
    page.goto("/home")

    for text, next_place in (
        ("Not worth", page.locator(".post", has_text="Then comes this.")),
        ("Then comes", page.get_by_role("heading", name="Home")),
    ):
        post = page.locator(".post", has_text=text)
        post.locator("summary", has_text="More").click()
        post.get_by_role("link", name="Delete", exact=True).click()
        expect(button(page, "Undo")).to_be_focused()
        page.clock.run_for(10_000)

        expect(next_place).to_be_focused()


def test_a_deletion_is_done_when_the_page_is_left(open_browser, alice):
    said = alice.say("Not worth keeping.")
    page = open_browser(alice)
    page.goto("/home")
    post = page.locator(".post")
    post.locator("summary", has_text="More").click()
    post.get_by_role("link", name="Delete", exact=True).click()
    expect(post).to_be_hidden()

    page.goto("/settings/profile")

    # The request goes beside the next page's.
    wait_until(lambda: alice.get(f"/api/v1/statuses/{said['id']}").status_code == 404)


def test_a_kwip_that_cannot_be_sent_is_kept_and_sent_later(open_browser, alice, seen):
    seen.expected.append("Failed to load resource")
    page = open_browser(alice)
    page.goto("/home")
    page.route("**/compose", lambda route: route.abort())
    page.get_by_label("Your kwip").fill("Do not lose me.")

    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("Your draft is saved.")).to_be_visible()
    page.reload()

    expect(page.get_by_label("Your kwip")).to_have_value("Do not lose me.")
    page.unroute("**/compose")
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.locator(".post-text")).to_have_text(["Do not lose me."])
    expect(page.get_by_label("Your kwip")).to_have_value("")
    page.reload()
    expect(page.get_by_label("Your kwip")).to_have_value("")


def test_a_key_that_was_used_for_another_text_is_replaced_on_plain_http_too(
    open_browser, alice, seen
):
    seen.expected.append("422")
    page = open_browser(alice)
    page.add_init_script("Crypto.prototype.randomUUID = undefined")
    for text in ("One text.", "Another text."):
        page.goto("/home")
        page.locator("input[name=key]").evaluate("e => (e.value = 'used')")
        page.get_by_label("Your kwip").fill(text)
        page.get_by_role("button", name="Post", exact=True).click()
        if text == "One text.":
            expect(page.locator(".post-text")).to_have_text([text])

    expect(page.locator("#text-about")).to_contain_text("This was already sent")
    page.get_by_role("button", name="Post", exact=True).click()

    expect(page.locator(".post-text")).to_have_text(["Another text.", "One text."])


def test_logging_out_leaves_no_draft_behind(open_browser, alice):
    page = open_browser(alice)
    page.goto("/home")
    page.get_by_label("Your kwip").fill("A secret.")
    assert "A secret." in page.evaluate("JSON.stringify(localStorage)")

    button(page, "Log out").click()

    expect(page.get_by_text("You're logged out.")).to_be_visible()
    assert "secret" not in page.evaluate("JSON.stringify(localStorage)")


def test_what_is_wrong_is_said_at_the_field_and_the_field_has_the_focus(
    open_browser, alice, seen
):
    seen.expected.append("422")
    page = open_browser(alice)
    page.goto("/home")
    text = page.get_by_label("Your kwip")
    text.fill("x" * 501)
    expect(page.locator(".limit")).to_have_text("-1")

    page.get_by_role("button", name="Post", exact=True).click()

    about = page.locator("#text-about")
    expect(about).to_contain_text("too many")
    expect(text).to_be_focused()
    expect(text).to_have_attribute("aria-invalid", "true")
    text.fill("x" * 502)
    expect(about).to_contain_text("too many")
    text.fill("x" * 500)
    expect(about).to_have_text("Up to 500 characters.")
    expect(text).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("scripts", [True, False], ids=["script", "no script"])
def test_a_refused_form_opens_at_what_is_wrong(open_browser, seen, scripts):
    seen.expected += ["422", "401"]
    page = open_browser(scripts=scripts)
    page.goto("/signup")
    page.get_by_label("Username").fill("no spaces")
    page.get_by_label("Email").fill("a@example.org")
    page.get_by_label("Password").fill(PASSWORD)

    button(page.locator("main"), "Sign up").click()

    expect(page.get_by_label("Username")).to_be_focused()
    page.goto("/login")
    page.get_by_label("Username or email").fill("nobody")
    page.get_by_label("Password").fill(PASSWORD)
    button(page.locator("main"), "Log in").click()
    expect(page.get_by_role("alert")).to_be_focused()


def test_characters_are_counted_as_people_count_them(open_browser, alice):
    page = open_browser(alice)
    page.goto("/home")

    page.get_by_label("Your kwip").fill("👩‍👩‍👧‍👦e\u0301")

    expect(page.locator(".limit")).to_have_text("498")


def test_on_a_phone_every_place_is_within_reach(open_browser, alice):
    page = open_browser(alice, size=PHONE)
    page.goto("/home")
    places = page.get_by_role("navigation", name="Main").get_by_role("link")

    assert [p.inner_text().strip() for p in places.all() if p.is_visible()] == [
        "Home",
        "Public",
        "New kwip",
        "Notifications",
        "Profile",
    ]
    head = page.locator(".column-head")
    assert head.get_by_role("link", name="Explore").is_visible()
    places.get_by_text("Profile").locator("visible=true").click()
    page.locator(".user-top summary", has_text="More").click()
    menu = page.locator(".menu[open] .menu-items").bounding_box()
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= PHONE["width"]
    button(page, "Log out").locator("visible=true").click()
    expect(page.get_by_text("You're logged out.")).to_be_visible()


@pytest.fixture
def environ(request):
    return getattr(request, "param", {})


@pytest.mark.parametrize(
    "environ", [{"KWIP_POST_MAX_CHARS": "5000"}], indirect=True, ids=["5000"]
)
def test_a_text_of_more_than_64_kib_on_its_way_is_sent(open_browser, alice):
    text = "\N{BLACK CHESS KNIGHT}\N{VARIATION SELECTOR-16}" * 5_000
    page = open_browser(alice)
    page.goto("/home")

    page.get_by_label("Your kwip").fill(text)
    page.get_by_role("button", name="Post", exact=True).click()

    expect(page.locator(".post-text")).to_have_text([text])
