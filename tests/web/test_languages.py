"""Pages and errors are in the language and the time zone of whoever reads them."""

from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.accounts.audit_log import BY_KWIP
from kwip.text.translation import LANGUAGES, gettext, in_language
from tests.servers import wait_until
from tests.web.pages import Page

BERLIN = "Europe/Berlin"
#: Cached answers for apps and other sites: they have no text of ours.
NEUTRAL = (
    "/api/v1/timelines/public",
    "/api/v1/accounts/{alice}",
    "/api/v1/statuses/{post}",
    "/api/widgets/v1/user/alice",
    "/api/widgets/v1/post/{post}",
    "/api/widgets/v1/user/alice/profile",
)


def said(language, text, **values):
    with in_language(language):
        return gettext(text, **values)


@pytest.fixture
def visit(app):
    """Return a function that opens a page as a browser with a language asks for it."""

    def open_page(path, accepted="", cookies=None, status=200):
        browser = app.test_client()
        for name, value in (cookies or {}).items():
            browser.set_cookie(name, value)
        answer = browser.get(path, headers={"Accept-Language": accepted})
        assert answer.status_code == status
        return answer

    return open_page


@pytest.fixture
def kept(wiring):
    wait_until(lambda: wiring.fence.lease() is not None)


def language_of(page):
    return page.one("html")["lang"]


def choose(visitor, language, **more):
    visitor.send("/settings/language", language=language, **more)


def test_a_page_is_in_the_language_that_its_browser_asks_for(visit, kept):
    for accepted, language in (
        ("de-DE,de;q=0.9,en;q=0.5", "de"),
        ("fr, hi;q=0.5", "hi"),
        ("fr", "en"),
        ("ar", "ar"),
        ("de-DE,de;q=0.9,en;q=0.5", "de"),  # and from the cache again
    ):
        answer = visit("/", accepted)
        page = Page(answer.text)

        assert language_of(page) == language
        assert page.one("html")["dir"] == LANGUAGES[language].direction
        assert said(language, "Log in") in page.words
        assert answer.headers["Content-Language"] == language


def test_what_was_chosen_on_a_device_comes_first(visit, anybody):
    anybody.take_token("/settings/language")
    choose(anybody, "hi")

    assert language_of(anybody.get("/")) == "hi"
    assert language_of(Page(visit("/", "de", {"kwip_language_8000": "x"}).text)) == "de"
    choose(anybody, "")
    assert language_of(anybody.get("/")) == "en"


def test_a_setting_holds_on_every_device_at_once(at_alice, browser_of, alice, kept):
    other = browser_of(alice)
    assert language_of(other.get("/home")) == "en"
    choose(at_alice, "de", time_zone=BERLIN)
    saved = at_alice.get("/settings/language")

    assert saved.said == said("de", "Changes saved.")
    assert saved.value("time_zone") == BERLIN
    assert language_of(other.get("/home")) == "de"
    choose(other, "ar", time_zone=BERLIN)
    assert language_of(at_alice.get("/home")) == "ar"


@pytest.mark.parametrize(
    "fields", [{"language": "xx"}, {"language": "de", "time_zone": "Mars/Base"}]
)
def test_what_is_no_language_or_zone_is_rejected(at_alice, fields):
    at_alice.send("/settings/language", 422, **fields)

    assert language_of(at_alice.get("/home")) == "en"


def test_errors_of_services_are_in_the_writers_language(at_alice, at_bob, alice):
    choose(at_alice, "de")
    answers = [
        visitor.send("/compose", 422, text="", key="a" * 32, visibility="public")
        for visitor in (at_alice, at_bob)
    ]
    other = [said(code, "Write something first.") for code in ("de", "en")]

    assert [page.wrong("text") or page.words for page in answers] != ["", ""]
    assert other[0] in answers[0].words
    assert other[1] in answers[1].words


def test_the_site_has_a_language_for_everybody_else(at_admin, visit, wiring):
    wiring.services.site.change({"language": "de"}, BY_KWIP)

    assert language_of(Page(visit("/", "fr").text)) == "de"
    assert language_of(Page(visit("/", "en").text)) == "en"


def test_apps_get_errors_in_the_language_they_ask_for(client):
    answers = [
        client.get("/api/v1/accounts/lookup?acct=nobody", headers=headers).json["error"]
        for headers in ({"Accept-Language": "de"}, {"Accept-Language": "fr"}, {})
    ]

    assert answers == [said(code, "User not found.") for code in ("de", "en", "en")]


def test_what_apps_and_other_sites_get_is_the_same_in_all_languages(alice, app, kept):
    named = {"post": alice.say("hi")["id"], "alice": alice.user.id}
    for address in NEUTRAL:
        first, *others = [
            app.test_client()
            .get(address.format(**named), headers={"Accept-Language": code})
            .data
            for code in (*LANGUAGES, "en")
        ]
        assert all(other == first for other in others), address


def test_a_frame_is_in_the_language_that_its_address_names(alice, visit):
    post = alice.say("hi")["id"]

    for address, language in (("", "en"), ("?lang=de", "de")):
        frame = visit(f"/embed/post/{post}{address}", "hi").text
        assert f'<html lang="{language}" dir="ltr">' in frame
    visit(f"/embed/post/{post}?lang=xx", status=400)


def test_times_without_a_script_are_in_the_readers_time_zone(at_alice, alice, visit):
    post = alice.say("hi")
    made = dt.datetime.fromisoformat(post["created_at"])
    choose(at_alice, "en", time_zone="Asia/Kathmandu")
    here = made.astimezone(dt.timezone(dt.timedelta(hours=5, minutes=45)))
    path = f"/@alice/{post['id']}"

    for page, words in (
        (at_alice.get(path), f"{here:%-d %b %Y, %H:%M}"),
        (Page(visit(path).text), f"{made:%-d %b %Y, %H:%M} UTC"),
    ):
        assert words in [each.words for each in page.all("time")]
    # Scripts write them in the same zone.
    assert at_alice.get(path).one("html")["data-zone"] == "Asia/Kathmandu"
