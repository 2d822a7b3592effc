"""Every page: nothing for axe-core to find, no scrolling sideways, nothing moves."""

from __future__ import annotations

import io
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.sync_api import expect

from kwip.domain.accounts.roles import Role
from kwip.domain.accounts.users import ProfileChange, Viewer
from kwip.services.media.emojis import NewEmoji
from tests.browser.conftest import DESKTOP, NARROW, PHONE
from tests.browser.world import fill, staff_places
from tests.pictures import plain
from tests.thorough import IS_THOROUGH, part

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
#: It would send messages to frames, which nobody there takes and Chromium complains of.
RUN_AXE = """async () => {
  const found = await axe.run(document, {
    iframes: false,
    resultTypes: ["violations"], rules: {"target-size": {enabled: true}}});
  return found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html + " " +
    n.failureSummary).join(" | ")}`);
}"""
FOR_NOBODY = ("public", "profile", "thread", "tag", "followers", "nothing")


@pytest.fixture
def places(alice, bob):
    return fill(alice, bob)


def axe_faults(page):
    """Give what axe-core finds on a page as it is now."""
    page.evaluate(AXE)
    return page.evaluate(RUN_AXE)


def all_faults(page, places):
    """Look at pages; give what is wrong with each, by its name.

    In the suite, axe-core looks at every fifth one, in turns when it is large and light
    and when it is small and dark.
    """
    found = {}
    for number, (name, place) in enumerate(places.items()):
        runs = [IS_THOROUGH or number % 10 == turn for turn in (0, 5)]
        found[name] = faults_of(page, place, *runs)
    return {name: faults for name, faults in found.items() if faults}


def faults_of(page, place, is_tried_large, is_tried_small):
    """Look at a page large and light, then small and dark; give what is wrong."""
    page.goto(place)
    found = axe_faults(page) if is_tried_large else []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(NARROW)
    found += axe_faults(page) if is_tried_small else []
    if over := overflow_of(page):
        found.append(f"{over} px too wide")
    page.evaluate("document.documentElement.dir = 'rtl'")
    if over := overflow_of(page, -9999):
        found.append(f"{over} px too wide from right to left")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(DESKTOP)
    return found


def choose(site, person, change):
    viewer = Viewer(id=person.user.id, username=person.user.username, digest="")
    site.wiring.services.users.update_profile(viewer, change)


def overflow_of(page, far=9999):
    return page.evaluate("(far) => (scrollTo(far, 0), scrollX)", far)


def test_every_page_of_an_owner_is_sound(open_browser, site, places, alice, bob, seen):
    seen.expected.append("404")
    site.wiring.services.moderation.set_role(alice.user.id, Role.OWNER)
    site.wiring.services.moderation.silence(bob.user.id)
    places |= staff_places(site.wiring, alice, bob)
    # German words are longer than most.
    choose(site, alice, ProfileChange(language="de"))
    page = open_browser(alice)

    assert all_faults(page, places) == {}


def test_the_layout_is_mirrored_in_arabic(open_browser, site, places, alice):
    change = ProfileChange(language="ar", time_zone="Asia/Riyadh")
    choose(site, alice, change)
    page = open_browser(alice)
    page.goto("/home")
    post = page.locator("article.post").first

    def left_of(part):
        return post.locator(part).first.bounding_box()["x"]

    assert page.locator("html").get_attribute("dir") == "rtl"
    assert left_of("img.avatar") > left_of(".post-text")
    # What scripts say is in the same language.
    assert page.evaluate("document.querySelector('.post time').textContent") == "الآن"
    page.locator(".nav").get_by_text("الرئيسية", exact=True).first.wait_for()


def test_every_page_of_a_visitor_is_sound(open_browser, places, seen):
    seen.expected.append("404")
    page = open_browser()

    open_places = {name: places[name] for name in FOR_NOBODY}
    open_places |= {"login": "/login", "signup": "/signup"}

    assert all_faults(page, open_places) == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chosen_theme_wins_over_the_systems(open_browser, alice, theme):
    other = {"light": "dark", "dark": "light"}[theme]
    page = open_browser(theme=other)
    page.goto("/")

    page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")

    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert ground == {"light": "rgb(253, 252, 250)", "dark": "rgb(20, 24, 26)"}[theme]


@pytest.mark.parametrize("size", part([PHONE, DESKTOP], of=2))
def test_nothing_moves_while_a_page_is_loaded(open_browser, places, alice, size):
    page = open_browser(alice, size=size)
    page.add_init_script(
        """window.moved = 0;
        new PerformanceObserver((list) => {
          for (const one of list.getEntries()) window.moved += one.value;
        }).observe({type: "layout-shift", buffered: true});"""
    )

    for name in ("home", "public", "profile", "thread"):
        page.goto(places[name], wait_until="networkidle")
        page.evaluate("new Promise((done) => requestAnimationFrame(() => done()))")

        assert (name, page.evaluate("moved")) < (name, 0.02)


def test_a_long_title_leaves_room_for_what_stands_beside_it(open_browser, alice):
    title = "Lamps and plums " * 6
    made = alice.post("/api/v1/lists", json={"title": title}).json["id"]
    page = open_browser(alice, size=PHONE)
    page.goto(f"/lists/{made}")

    beside = page.locator(".column-head a").all()

    assert [link.bounding_box()["width"] >= 40 for link in beside] == [True] * 4
    assert overflow_of(page) == 0


def test_the_words_of_a_button_stand_in_its_middle(open_browser, alice, bob):
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    alice.post("/api/v1/markers", json={"home": {"last_read_id": "1"}})
    bob.say("New.")
    page = open_browser(alice, size=PHONE)
    page.goto("/home/catch-up")

    lines = page.get_by_role("link", name="Latest kwips").evaluate(
        """(button) => {
          const words = document.createRange();
          words.selectNodeContents(button);
          const {left, right} = button.getBoundingClientRect();
          const lines = [...words.getClientRects()];
          return lines.map((line) => line.left - left - (right - line.right));
        }"""
    )

    assert len(lines) > 1
    assert max(map(abs, lines)) < 2


@pytest.mark.parametrize("size", part([NARROW, PHONE], of=2))
def test_a_long_warning_leaves_room_for_other_kwips(open_browser, alice, size):
    warning = "what this is about, and why it is behind a warning, " * 9
    alice.say("The text.", spoiler_text=warning)
    page = open_browser(alice, size=size)
    page.goto("/home")
    post = page.locator(".post")

    assert post.bounding_box()["height"] < 300
    folded = post.locator(".folded > summary > :first-child")
    before = folded.bounding_box()["height"]
    post.locator(".folded summary").click()
    assert folded.bounding_box()["height"] > before, "all of it is there with the text"


def test_all_below_the_audience_stands_in_one_line_on_the_smallest_phone(
    open_browser, site, alice
):
    rye = NewEmoji(name="rye", shortcode="rye", file=io.BytesIO(plain()))
    site.wiring.services.emojis.add([rye])
    page = open_browser(alice, size=NARROW)
    page.goto("/home")
    page.get_by_label("Your kwip").fill("x" * 501)
    page.get_by_label("Who can see this").select_option("Followers only")
    page.locator(".compose-poll > summary").click()
    page.get_by_role("button", name="Emoji").click()
    parts = page.locator(
        ".compose-end > :is(.action, .limit, .button), .compose-end summary"
    ).all()

    # What schedules comes after the button in the document.
    boxes = sorted((part.bounding_box() for part in parts), key=lambda box: box["x"])

    assert len(boxes) == 7
    middles = [box["y"] + box["height"] / 2 for box in boxes]
    assert max(middles) - min(middles) < 3
    assert max(box["height"] for box in boxes) < 44
    ends = [box["x"] + box["width"] for box in boxes]
    assert all(end <= box["x"] for end, box in zip(ends, boxes[1:], strict=False))
    assert overflow_of(page) == 0


def test_a_name_is_shown_in_full_beside_a_button_on_the_smallest_phone(
    open_browser, alice, bob
):
    change = {"display_name": "Mira Sandoval"}
    bob.ask("PATCH", "/api/v1/accounts/update_credentials", json=change)
    bob.post(f"/api/v1/accounts/{alice.id}/follow")
    page = open_browser(alice, size=NARROW)
    page.goto("/@alice/followers")
    name = page.locator(".people .name")

    expect(name).to_have_text("Mira Sandoval")
    assert name.bounding_box()["width"] > 100
    assert overflow_of(page) == 0


def test_a_refused_form_with_a_file_fits_the_smallest_phone_without_a_script(
    open_browser, alice, seen
):
    seen.expected.append("422")
    page = open_browser(alice, size=NARROW, scripts=False)
    page.goto("/compose")
    page.get_by_label("Your kwip").fill("x" * 501)
    page.locator(".compose-files > summary").click()
    file = {"name": "me.png", "mimeType": "image/png", "buffer": plain()}
    page.locator("input[type=file]").set_input_files([file])
    page.get_by_role("button", name="Post").click()

    expect(page.locator(".attached")).to_be_visible()
    assert page.get_by_text("Remove", exact=True).bounding_box()["width"] > 40
    assert page.locator(".attached-place").bounding_box()["width"] > 80
    assert overflow_of(page) == 0


def test_the_chosen_one_of_many_tabs_is_in_sight(open_browser, alice):
    page = open_browser(alice, size=NARROW)
    page.goto("/notifications/reposts")

    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=0.9)
    assert page.evaluate("scrollY") == 0
