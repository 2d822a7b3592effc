"""Files in the form for a kwip: uploaded at once, and lost by nothing."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.test_soundness import axe_faults
from tests.pictures import BLUE, RED, plain
from tests.thorough import part
from tests.videos import mp4

#: A file as if it were dropped or pasted; the name of the event is the first argument.
HAND_OVER = """async ([event, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "it.png", {type: "image/png"}));
    const options = {bubbles: true, cancelable: true};
    document.querySelector("form.compose textarea").dispatchEvent(
        event === "paste"
            ? new ClipboardEvent(event, {...options, clipboardData: data})
            : new DragEvent(event, {...options, dataTransfer: data})
    );
}"""


def picture(name="me.png", colour=RED, size=(640, 480)):
    content = plain(size=size, colour=colour)
    return {"name": name, "mimeType": "image/png", "buffer": content}


def choose(page, *files, form="form"):
    button = page.locator(form).get_by_role("button", name="Add media")
    with page.expect_file_chooser() as chooser:
        button.click()
    chooser.value.set_files(list(files))


def description(page, number):
    return page.get_by_label(f"Description of file {number}")


def uploaded(page):
    return page.locator("form input[name='media_ids[]']")


def shown(page):
    return page.locator("article .media img")


def publish(page, name="Post"):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def held():
    """Return a function that lets no upload of a page through until it is called."""

    def hold(page):
        waiting, is_open = [], []

        def wait(route):
            return route.continue_() if is_open else waiting.append(route)

        page.route("**/compose/media", wait)

        def go_on():
            is_open.append(True)
            for route in waiting:
                route.continue_()

        return go_on

    return hold


def test_pictures_are_described_ordered_and_published(open_browser, alice):
    page = open_browser(alice)
    page.goto("/home")

    choose(page, picture(), picture("you.png", BLUE))
    description(page, 1).fill("A red square.")
    description(page, 2).fill("A blue square.")
    expect(uploaded(page)).to_have_count(2)
    page.get_by_role("button", name="Move up").nth(1).click()
    expect(description(page, 1)).to_have_value("A blue square.")
    publish(page)

    expect(shown(page)).to_have_count(2)
    alts = [each.get_attribute("alt") for each in shown(page).all()]
    assert alts == ["A blue square.", "A red square."]
    expect(uploaded(page)).to_have_count(0)


def test_posting_waits_for_an_upload(open_browser, alice, held):
    page = open_browser(alice)
    page.goto("/home")
    go_on = held(page)
    choose(page, picture())
    page.get_by_label("Your kwip").fill("Look")

    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_role("button", name="Post", exact=True)).to_be_disabled()
    go_on()

    expect(shown(page)).to_have_count(1)


def test_a_video_shows_that_it_is_processed_and_posting_waits(open_browser, alice):
    page = open_browser(alice)
    page.goto("/home")
    asked = []

    def hold(route):
        asked.append(route)

    page.route("**/compose/media/*", hold)
    video = {"name": "loaf.mp4", "mimeType": "video/mp4"}
    with page.expect_request("**/compose/media/*"):  # how far it is
        choose(page, {**video, "buffer": mp4(seconds=0.3, size=(64, 48))}, picture())
    expect(page.get_by_text("Processing loaf.mp4")).to_be_visible()
    expect(uploaded(page)).to_have_count(1)
    assert axe_faults(page) == []
    page.get_by_role("button", name="Remove").click()

    publish(page)
    expect(page.get_by_text("Waiting for the upload.")).to_be_visible()
    (route,) = asked
    route.continue_()

    expect(page.locator("article video")).to_have_count(1)


def test_a_cancelled_upload_leaves_nothing(open_browser, alice, held):
    page = open_browser(alice)
    page.goto("/home")
    held(page)
    choose(page, picture())
    expect(page.get_by_text("Uploading me.png")).to_be_visible()

    page.get_by_role("button", name="Cancel").click()

    expect(description(page, 1)).to_have_count(0)
    page.get_by_label("Your kwip").fill("Words alone")
    publish(page)
    expect(page.locator("article")).to_have_count(1)
    expect(shown(page)).to_have_count(0)


def test_an_upload_that_failed_is_tried_again(open_browser, seen, alice):
    seen.expected.append("net::ERR_FAILED")
    page = open_browser(alice)
    page.goto("/home")
    page.route("**/compose/media", lambda route: route.abort())
    choose(page, picture())
    description(page, 1).fill("A red square.")
    expect(page.get_by_text("me.png: The upload was interrupted.")).to_be_visible()
    page.get_by_role("button", name="Post", exact=True).click()
    expect(page.get_by_text("One file wasn't uploaded.")).to_be_visible()

    page.unroute("**/compose/media")
    page.get_by_role("button", name="Try again").click()
    expect(uploaded(page)).to_have_count(1)
    publish(page)

    expect(shown(page)).to_have_attribute("alt", "A red square.")


def test_what_cannot_be_used_is_refused_by_name(open_browser, seen, alice):
    seen.expected.append("422")
    page = open_browser(alice)
    page.goto("/home")
    broken = picture("me.svg") | {"buffer": b"<svg onload=alert(1)>"}

    choose(page, broken, *[picture() for _ in range(9)])

    expect(page.get_by_text("You can attach up to 4 files.")).to_be_visible()
    expect(page.get_by_text("me.svg: This isn't")).to_be_visible()
    expect(uploaded(page)).to_have_count(3)
    page.get_by_role("button", name="Remove").first.click()
    publish(page)
    expect(shown(page)).to_have_count(3)


class TestAFileThatIsTooLarge:
    @pytest.fixture
    def environ(self):
        return {"KWIP_MEDIA_MAX_BYTES": "1000000"}

    def test_is_not_even_sent(self, open_browser, alice):
        page = open_browser(alice)
        page.goto("/home")

        choose(page, picture() | {"buffer": bytes(1_000_001)})

        said = "me.png is too large. The limit is 1 MB."
        expect(page.get_by_text(said)).to_be_visible()


@pytest.mark.parametrize("event", part(["paste", "drop"], of=2))
def test_a_file_is_pasted_or_dropped(open_browser, alice, event):
    page = open_browser(alice)
    page.goto("/home")

    page.evaluate(HAND_OVER, [event, list(plain())])
    expect(uploaded(page)).to_have_count(1)
    publish(page)

    expect(shown(page)).to_have_count(1)


def test_a_closed_tab_loses_no_file(open_browser, alice):
    page = open_browser(alice)
    page.goto("/home")
    choose(page, picture())
    expect(uploaded(page)).to_have_count(1)
    description(page, 1).fill("A red square.")

    page.goto("/home")

    expect(description(page, 1)).to_have_value("A red square.")
    publish(page)
    expect(shown(page)).to_have_attribute("alt", "A red square.")
    page.goto("/home")
    expect(description(page, 1)).to_have_count(0)


def test_a_reply_written_in_home_takes_files(open_browser, alice, bob):
    alice.post(f"/api/v1/accounts/{bob.id}/follow")
    bob.say("Is it far?")
    page = open_browser(alice)
    page.goto("/home")
    page.locator("article").get_by_role("link", name="Reply").click()

    choose(page, picture(), form=".reply-here form")
    expect(uploaded(page)).to_have_count(1)
    publish(page, "Reply")

    expect(shown(page)).to_have_count(1)


def test_the_chosen_point_stays_in_view(open_browser, alice):
    page = open_browser(alice)
    page.goto("/home")
    choose(page, picture(), picture("you.png", BLUE))
    points = page.get_by_role("button", name="Choose the point that stays in view")
    expect(points).to_have_count(2)

    points.first.click(position={"x": 6, "y": 6})
    publish(page)

    expect(shown(page).first).to_have_class("focus-x0 focus-y0")


def test_an_edit_takes_removes_and_orders_files(open_browser, alice):
    page = open_browser(alice)
    page.goto("/home")
    choose(page, picture(), picture("you.png", BLUE))
    description(page, 1).fill("A red square.")
    description(page, 2).fill("A blue square.")
    expect(uploaded(page)).to_have_count(2)
    publish(page)
    page.goto(page.locator("article a[href$='/edit']").get_attribute("href"))

    page.get_by_role("button", name="Remove").first.click()
    choose(page, picture("new.png"))
    description(page, 2).fill("A new one.")
    expect(uploaded(page)).to_have_count(2)
    page.get_by_role("button", name="Move up").nth(1).click()
    publish(page, "Save")

    expect(shown(page)).to_have_count(2)
    page.wait_for_load_state("networkidle")
    alts = [each.get_attribute("alt") for each in shown(page).all()]
    assert alts == ["A new one.", "A blue square."]
