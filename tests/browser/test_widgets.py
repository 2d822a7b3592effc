"""Widgets on a page of another site, which allows nothing that it need not."""

from __future__ import annotations

import datetime as dt
import mimetypes
import re
from collections import Counter
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from config.settings import PROJECT
from kwip.domain.accounts.users import ProfileChange
from kwip.domain.moderation.guest_replies import GuestReply, GuestReplyState
from tests.browser.conftest import PHONE
from tests.browser.test_lightbox import upload
from tests.browser.test_soundness import axe_faults, overflow_of
from tests.browser.world import ATTACKS
from tests.other_site import other_site
from tests.pictures import plain

EXAMPLE = PROJECT / "examples/static-site"
#: What the owner of the example puts in place of these.
WRITTEN_FOR = "https://kwip.example.org"
THREAD = "117670890910796604"
POLICY = (
    "default-src 'none'; script-src {0}; connect-src {0}; img-src 'self' {0}; "
    "media-src {0}; style-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types kwip"
)
MOVED = """window.moved = 0;
new PerformanceObserver((list) => {
  const own = list.getEntries().filter((one) => !one.hadRecentInput);
  window.moved += own.reduce((sum, one) => sum + one.value, 0);
}).observe({type: "layout-shift", buffered: true});"""
ARABIC = re.compile("[\u0600-\u06ff]")
GUEST = re.compile("Carla.*Guest.*Me <b>too</b>", re.DOTALL)
SVG = "image/svg+xml"
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def mira(site):
    return site.people("mira")


@pytest.fixture
def kwip(mira):
    return mira.say("Two days of rye, and most of it is waiting. #rye")


@pytest.fixture
def host(site):
    """Return another site."""
    with other_site() as other:
        other.policy = POLICY.format(site.origin)
        yield other


@pytest.fixture
def example(site, host, kwip):
    """Serve the example site as its owner would; return its first page's address."""
    for path in EXAMPLE.iterdir():
        text = path.read_text("utf-8").replace(WRITTEN_FOR, site.origin)
        kind = f"{mimetypes.guess_type(path.name)[0]}; charset=utf-8"
        text = text.replace(THREAD, kwip["id"])
        serve(host, f"/{path.name}", text, kind)
    return host.url("/index.html")


def serve(host, path, text, kind="text/html; charset=utf-8"):
    headers = {
        "Content_Security_Policy": host.policy,
        "Cross_Origin_Embedder_Policy": "require-corp",
    }
    return host.serve(path, text, kind=kind, **headers)


def page_with(site, host, elements, language="en", direction="ltr"):
    """Serve a page with some elements; return its address."""
    script = f"{site.origin}/widgets/v1/kwip.js"
    serve(host, "/icon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>", SVG)
    return serve(
        host,
        "/page",
        f'<!doctype html><html lang="{language}" dir="{direction}"><head>'
        '<link rel="icon" href="/icon.svg"><title>Page</title>'
        f'<script type="module" src="{script}"></script></head>'
        f"<body><main><h1>Page</h1>{elements}</main></body></html>",
    )


def open_slowly(page, example, timeline):
    """Open a page; a timeline is where and as high as it was without the script."""
    held = []

    def hold(route):
        held.append(route)

    page.route("**/kwip.js", hold)
    with page.expect_request("**/kwip.js"):
        page.goto(example, wait_until="commit")
    expect(timeline).to_have_css("display", "block")
    before = timeline.bounding_box()
    held[0].continue_()
    expect(timeline.get_by_role("article").first).to_be_visible()
    assert timeline.bounding_box() == before


def leads_to(element, name, address):
    link = element.get_by_role("link", name=name)
    expect(link).to_have_attribute("href", address)


def discuss(site, kwip, mira, bob):
    """Let bob and mira reply to her kwip, and a guest."""
    answer = bob.say("@mira Both days?", in_reply_to_id=kwip["id"])
    mira.say("@bob Both.", in_reply_to_id=answer["id"])
    change = ProfileChange(accepts_guests=True)
    site.wiring.services.users.update_profile(mira.user, change)
    now = dt.datetime.now(dt.UTC)
    reply = GuestReply(
        id=int(kwip["id"]) + 1,
        post_id=int(kwip["id"]),
        author_id=mira.user.id,
        name="Carla",
        text="Me <b>too</b>",
        sender="",
        created_at=now,
        state=GuestReplyState.SHOWN,
    )
    until = now + dt.timedelta(days=1)
    site.wiring.stores.guest_replies.add(reply, until, lambda _: None, most=9)


def count_requests(page):
    """Count what a page asks of our JSON from now on, by path."""
    asked = Counter()

    def count(request):
        path = urlsplit(request.url).path
        if path.startswith("/api/"):
            asked[path] += 1

    page.on("request", count)
    return asked


def test_a_static_site_has_a_timeline_comments_and_a_badge(
    open_browser, site, example, kwip, mira, bob
):
    discuss(site, kwip, mira, bob)
    page = open_browser()
    page.clock.install()
    page.add_init_script(MOVED)
    timeline, comments = page.locator("kwip-timeline"), page.locator("kwip-comments")
    open_slowly(page, example, timeline)
    expect(timeline.get_by_role("article")).to_contain_text("Two days of rye")
    expect(page.locator("kwip-badge")).to_contain_text("0 followers · 2 kwips")

    comments.scroll_into_view_if_needed()
    expect(comments).to_contain_text("3 replies")
    expect(comments.locator(".posts > .post")).to_contain_text(GUEST)
    mira.say("It is out of the oven.")
    bob.say("@mira Good.", in_reply_to_id=kwip["id"])
    page.clock.fast_forward(31_000)
    timeline.get_by_role("button", name="1 new kwip").press("Enter")
    comments.get_by_role("button", name="1 new reply").press("Enter")

    expect(timeline.get_by_role("article")).to_have_count(2)
    expect(timeline.get_by_role("article").first).to_contain_text("out of the oven")
    expect(comments.get_by_role("article").last).to_be_focused()
    expect(comments).to_contain_text("4 replies")
    expect(comments.locator("ol ol .mark")).to_have_text("Author")
    leads_to(comments, "Reply on Kwip", f"{site.origin}/share?in_reply_to={kwip['id']}")
    leads_to(page.locator("kwip-badge"), "Follow", f"{site.origin}/follow?name=mira")
    assert axe_faults(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    assert axe_faults(page) == []
    assert overflow_of(page) == 0
    assert page.evaluate("moved") < 0.02
    assert page.context.cookies() == []


def test_without_scripts_what_is_in_the_elements_stands(open_browser, example, site):
    page = open_browser(scripts=False)
    page.goto(example)

    link = page.get_by_role("link", name="What Mira posts on Kwip")
    expect(link).to_have_attribute("href", f"{site.origin}/@mira")
    expect(page.get_by_role("link", name="Read and write comments")).to_be_visible()


def test_whatever_people_type_is_text_in_a_widget(
    open_browser, site, host, alice, bob, mira
):
    picture = upload(alice, plain(size=(64, 48)), "it.png")
    for first in range(0, len(ATTACKS), 5):
        alice.say("\n\n".join(ATTACKS[first : first + 5]), spoiler_text="<b>x</b>")
    short = [attack for attack in ATTACKS if len(attack) <= 50]
    choices = {"options": short[:4], "expires_in": 3_600}
    asked = alice.say(ATTACKS[0], poll=choices)
    alice.say(ATTACKS[1], media_ids=[picture], sensitive=True)
    quoting = bob.say(ATTACKS[2], quoted_status_id=asked["id"])
    answer = bob.say("@alice Indeed.", in_reply_to_id=asked["id"])
    name = {"display_name": ATTACKS[0], "note": ATTACKS[1]}
    alice.ask("PATCH", "/api/v1/accounts/update_credentials", json=name)
    mira.post(f"/api/v1/statuses/{asked['id']}/reblog")
    page = open_browser()
    page.goto(
        page_with(
            site,
            host,
            '<kwip-timeline user="alice" limit="40"></kwip-timeline>'
            '<kwip-timeline user="mira"></kwip-timeline>'
            '<kwip-badge user="alice" lang="de-AT"></kwip-badge>'
            f'<kwip-post href="{quoting["url"]}"></kwip-post>'
            f'<kwip-post post="{answer["id"]}"></kwip-post>',
            "ar",
            "rtl",
        )
    )
    articles = page.locator("kwip-timeline").first.get_by_role("article")
    expect(articles).to_have_count(5)
    page.locator("kwip-post").first.scroll_into_view_if_needed()
    expect(page.locator("kwip-post article").last).to_contain_text("Indeed.")
    for fold in page.locator("kwip-timeline details").all():
        fold.evaluate("it => { it.open = true; }")

    expect(articles.first.locator(".name")).to_have_text(ATTACKS[0])
    expect(articles.first.locator("time")).to_have_text(ARABIC)
    poll = page.locator("kwip-post .quote .poll")
    expect(poll.locator("li").first).to_contain_text(short[0])
    expect(poll.locator("p")).to_contain_text("No votes · Vote · Ends ")
    expect(articles.last.locator(".counts")).to_have_attribute("aria-label", ARABIC)
    expect(page.locator("kwip-badge")).to_contain_text("0 Follower · 5 Kwips")
    page.locator("kwip-badge").evaluate("it => { it.lang = 'hi'; }")
    expect(page.locator("kwip-badge")).to_contain_text("0 फ़ॉलोअर · 5 क्विप")
    elements = page.evaluate(
        """[...document.querySelectorAll("kwip-timeline")].flatMap((it) =>
          [...it.shadowRoot.querySelectorAll("script, iframe, style, base, svg[onload],"
            + "[onerror], [onload], [onfocus], a:not([target][rel])")]
          .map((one) => one.outerHTML))"""
    )
    assert elements == []
    assert overflow_of(page) == 0


def test_a_widget_says_why_it_shows_nothing(open_browser, site, host, mira, seen):
    seen.expected += ["ERR_FAILED", "400", "404"]
    mira.say("The newest.")
    page = open_browser()
    page.route("**/user/mira*", lambda route: route.abort())
    page.goto(
        page_with(
            site,
            host,
            '<kwip-timeline user="mira"><p>Mira writes.</p></kwip-timeline>'
            '<kwip-timeline user="nobody"></kwip-timeline>'
            '<kwip-timeline favourites="@mira"></kwip-timeline>'
            '<kwip-timeline tag="nothing"></kwip-timeline>'
            '<kwip-timeline public limit="99"></kwip-timeline>'
            '<kwip-timeline search="has:unicorn"></kwip-timeline>'
            "<kwip-timeline><p>Nobody writes.</p></kwip-timeline>"
            '<kwip-post href="https://a.example/@mira/1"></kwip-post>',
        )
    )
    timelines = page.locator("kwip-timeline").all()
    failing, missing, hidden, empty, refused, wrong, unclear = timelines

    expect(page.get_by_text("Mira writes.")).to_be_visible()
    missing.scroll_into_view_if_needed()
    expect(missing).to_contain_text("not found")
    expect(missing.get_by_role("link", name="Open on")).to_be_visible()
    hidden.scroll_into_view_if_needed()
    expect(hidden).to_contain_text("This user doesn't show favourites.")
    leads_to(hidden, "Open on", f"{site.origin}/embed/user/mira/favourites")
    empty.scroll_into_view_if_needed()
    expect(empty).to_contain_text("No kwips yet.")
    refused.scroll_into_view_if_needed()
    expect(refused).to_contain_text("limit: Must be a number from 1 to 40.")
    wrong.scroll_into_view_if_needed()
    expect(wrong).to_contain_text("searched for. Use one of: has:link")
    expect(unclear).to_contain_text("Nothing to show.")
    expect(page.get_by_text("Nobody writes.")).to_be_visible()
    elsewhere = f"This is not on {urlsplit(site.origin).netloc}."
    expect(page.locator("kwip-post")).to_contain_text(elsewhere)
    page.unroute("**/user/mira*")
    failing.get_by_role("button", name="Try again").click()
    expect(failing.get_by_role("article")).to_contain_text("The newest.")


def test_widgets_share_requests_and_rest_while_nobody_looks(
    open_browser, site, host, mira, kwip
):
    mira.say("The newest.")
    page = open_browser()
    page.clock.install()
    asked = count_requests(page)
    one = '<kwip-timeline user="mira" limit="1"></kwip-timeline>'
    page.goto(page_with(site, host, one + one))
    first, second = page.locator("kwip-timeline").all()
    expect(second.get_by_role("article")).to_contain_text("The newest.")
    first.get_by_role("button", name="Load more").click()
    expect(first.get_by_role("article")).to_have_count(2)
    expect(first.get_by_role("button", name="Load more")).to_have_count(0)
    assert asked["/api/widgets/v1/user/mira"] == 2

    page.evaluate(HIDE, arg=True)
    page.clock.fast_forward(600_000)

    assert asked["/api/widgets/v1/user/mira"] == 2
    mira.ask("DELETE", f"/api/v1/statuses/{kwip['id']}")
    with page.expect_response("**/user/mira*"):
        page.evaluate(HIDE, arg=False)
    expect(first.get_by_role("article")).to_have_count(1)
    assert asked["/api/widgets/v1/user/mira"] == 3


def test_a_kwip_that_is_seen_again_goes_when_it_is_deleted(
    open_browser, site, host, mira, kwip, seen
):
    seen.expected += ["404"]
    page = open_browser()
    page.clock.install()
    one = f'<kwip-post post="{kwip["id"]}"></kwip-post>'
    page.goto(page_with(site, host, one + "<p>Far below.</p>" * 200))
    shown = page.locator("kwip-post")
    expect(shown).to_contain_text("Two days of rye")

    page.get_by_text("Far below.").last.scroll_into_view_if_needed()
    expect(shown).not_to_be_in_viewport()
    page.wait_for_function("new Promise(requestAnimationFrame)")
    shown.scroll_into_view_if_needed()
    mira.ask("DELETE", f"/api/v1/statuses/{kwip['id']}")
    page.clock.fast_forward(31_000)

    expect(shown).to_contain_text("This kwip was deleted.")
    asked = count_requests(page)
    page.clock.run_for(600_000)
    assert asked == {}
