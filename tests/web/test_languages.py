"""Pages and errors are in the language and the time zone of whoever reads them."""

from __future__ import annotations

import datetime as dt
from urllib.parse import quote

import pytest

from kwip.blueprints import assets
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


def test_apps_and_widgets_get_errors_in_the_language_they_ask_for(client):
    for path in ("/api/v1/accounts/lookup?acct=nobody", "/api/widgets/v1/user/nobody"):
        answers = [
            client.get(path, headers=headers)
            for headers in ({"Accept-Language": "de"}, {"Accept-Language": "fr"}, {})
        ]

        said_so = [said(code, "User not found.") for code in ("de", "en", "en")]
        assert [answer.json["error"] for answer in answers] == said_so
        assert {each.headers["Cache-Control"] for each in answers} == {"no-store"}


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


def test_what_other_sites_show_is_in_the_language_that_its_address_names(
    alice, visit, settings
):
    post = alice.say("hi")["id"]

    for code in ("", "de", "ar"):
        language, named = code or "en", f"lang={code}" if code else ""
        frame = visit(f"/embed/post/{post}?{named}", "hi").text
        feed = visit(f"/public.json?limit=1&{named}", "hi").json
        url = f"{settings.origin}/@alice/{post}"
        code_of_frame = visit(f"/api/oembed?url={url}&{named}", "hi").json["html"]

        look = f'lang="{language}" dir="{LANGUAGES[language].direction}"'
        assert f"<html {look}>" in frame
        assert feed["description"] == said(language, "Public kwips.")
        assert ("lang=" in feed["feed_url"]) == bool(code)
        assert named in feed["feed_url"]
        assert (f'data-lang="{code}"' in code_of_frame) == bool(code)
    for path in (f"/embed/post/{post}", "/public.rss", "/badge/alice.svg"):
        visit(f"{path}?lang=xx", status=400)
    assert "data-lang" not in visit(f"/api/oembed?url={url}&lang=x%22", "hi").text


def test_web_components_get_our_words_by_an_address_that_names_the_language(
    visit, wiring
):
    replies = "%(num)s Antwort", "%(num)s Antworten"
    for asked, tag, own in (
        ("de", "de", "de"),
        ("de_AT", "de-AT", "de-AT"),
        ("hi-Deva-IN-x-y", "hi-Deva-IN", "hi-Deva-IN"),
        ("en-GB", "en-GB", "en-GB"),
        ("fr", "fr", "en"),
        ("deutsch", "und", "en"),
        ("<b>", "und", "en"),
    ):
        answer = visit(f"/widgets/v1/words/{quote(asked)}", "ar")

        assert (answer.json["tag"], answer.json["own"]) == (tag, own)
        assert bool(answer.json["texts"]) == (own[:2] != "en")
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Accept-Language" not in answer.headers.get("Vary", "")
    texts = visit("/widgets/v1/words/de").json["texts"]
    assert tuple(texts["%(num)s reply"][form] for form in ("one", "other")) == replies
    zero = visit("/widgets/v1/words/ar").json["texts"]["%(num)s reply"]
    assert set(zero) == {"zero", "one", "two", "few", "many", "other"}
    wiring.services.site.change({"language": "de"}, BY_KWIP)
    assert visit("/widgets/v1/words/fr").json["own"] == "de"
    # The script that makes frames only asks for those that there are.
    script = (assets.FOLDER / "embed/embed.js").read_text("utf-8")
    assert f"({'|'.join(LANGUAGES)})" in script


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
