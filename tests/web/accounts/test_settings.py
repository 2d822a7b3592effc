"""Privacy, password, sessions and appearance, as people use them."""

from __future__ import annotations

import pytest

from tests.people import PASSWORD
from tests.web.pages import Visitor

PLACES = [
    "Edit profile",
    "Featured hashtags",
    "Post from your blog",
    "Widgets",
    "Appearance",
    "Language and time zone",
    "Reading",
    "Filters",
    "Muted people",
    "Blocked people",
    "Privacy",
    "Notifications",
    "Email address",
    "Password",
    "Two-factor authentication",
    "Sessions",
    "Tokens",
    "Your data",
    "Decisions of moderators",
    "Invitations",
]


def test_the_settings_are_a_list_of_places_that_lead_back_to_it(at_alice):
    page = at_alice.get("/settings")
    nav = page.one("nav", aria_label="Settings")
    *links, about = [a for a in page.all("a") if nav in a.inside]

    assert [page_name(link) for link in links] == PLACES
    assert about["href"] == "/about"
    for link in links:
        shown = at_alice.get(link["href"])
        assert shown.one("h1").words == page_name(link)
        assert shown.one("a", aria_label="Back")["href"] == "/settings"


def page_name(link):
    """The name of a place, without what is said about it."""
    return next(name for name in PLACES if link.words.startswith(name))


def test_every_page_shows_its_reader_who_they_are(at_alice, anybody):
    for path in ("/", "/home", "/settings", "/nowhere"):
        page = at_alice.get(path, 404 if path == "/nowhere" else 200)
        [own] = page.with_class("nav-self") or [None]
        assert own is None or own.words == "Alice @alice"
        assert own is not None or path == "/nowhere"

    assert not anybody.get("/").with_class("nav-self")


def test_who_leaves_widgets_is_in_none_at_once_and_can_come_back(
    at_alice, alice, client
):
    alice.say("hello")
    widget = "/api/widgets/v1/user/alice"
    assert client.get(widget).status_code == 200

    at_alice.send("/settings/privacy")
    assert client.get(widget).status_code == 404
    box = at_alice.get("/settings/privacy").one("input", id="is_embeddable")
    assert "checked" not in box.attributes
    at_alice.send("/settings/privacy", is_embeddable="1")
    assert client.get(widget).status_code == 200


def test_who_wants_to_be_found_says_so(at_alice, alice):
    account = f"/api/v1/accounts/{alice.id}"
    assert alice.get(account).json["discoverable"] is False

    at_alice.send("/settings/privacy", is_discoverable="1", is_embeddable="1")
    assert alice.get(account).json["discoverable"] is True
    box = at_alice.get("/settings/privacy").one("input", id="is_discoverable")
    assert "checked" in box.attributes


def test_a_change_of_privacy_changes_nothing_else(at_alice, alice):
    before = alice.get("/api/v1/accounts/verify_credentials").json

    on = dict.fromkeys(("is_indexable", "is_crawlable", "may_trend"), "1")
    at_alice.send("/settings/privacy", **on)

    assert alice.get("/api/v1/accounts/verify_credentials").json == before


def test_another_password_logs_out_other_browsers_and_says_so(
    at_alice, browser_of, alice, anybody
):
    other = browser_of(alice)
    assert other.get("/home")

    at_alice.send(
        "/settings/password", old_password=PASSWORD, new_password="another one"
    )

    page = at_alice.get("/settings/password")
    assert page.said == "Password changed. Logged out of 1 other device."
    assert other.send_away("/home").startswith("/login")
    anybody.take_token("/login").send("/login", login="alice", password="another one")
    assert alice.get("/api/v1/timelines/home").status_code == 200


def test_a_wrong_password_is_said_at_its_field_and_none_comes_back(at_alice):
    page = at_alice.send(
        "/settings/password", 422, old_password="nope", new_password="short"
    )

    assert page.wrong("old_password") == "That isn't your current password."
    assert page.wrong("new_password") == "Use 8 to 256 characters."
    assert page.value("old_password") == page.value("new_password") == ""
    assert "autofocus" in page.one("input", id="old_password").attributes


def test_sessions_are_named_and_one_can_be_ended(
    at_alice, browser_of, alice, app, anybody
):
    browser = app.test_client()
    phone = Visitor(browser)
    phone.take_token("/login")
    agent = "Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0"
    browser.post(
        "/login",
        data={"csrf_token": phone.token, "login": "alice", "password": PASSWORD},
        headers={"User-Agent": agent},
    )
    page = at_alice.get("/settings/sessions")
    assert "You're logged out automatically after 30 days." in page.words
    assert "Firefox on Android" in page.words
    assert len(page.with_class("tag")) == 1
    [end] = [
        f["action"]
        for f in page.all("form")
        if (f.get("action") or "").endswith("/end")
        and "sessions/end" not in f["action"]
    ]

    at_alice.send(end)

    assert at_alice.get("/settings/sessions").said == "Logged out of that device."
    assert phone.send_away("/home").startswith("/login")
    at_alice.send(end)
    assert "already" in at_alice.get("/settings/sessions").said


def test_all_other_browsers_can_be_logged_out_together(at_alice, browser_of, alice):
    page = at_alice.get("/settings/sessions")
    assert "Log out everywhere else" not in page.words
    others = [browser_of(alice) for _ in range(2)]

    at_alice.send("/settings/sessions/end")

    said = at_alice.get("/settings/sessions").said
    assert said == "Logged out of 2 other devices."
    assert all(o.send_away("/home").startswith("/login") for o in others)


@pytest.mark.parametrize(
    ("theme", "size", "data"),
    [
        ("dark", "large", ("dark", "large")),
        ("light", "normal", ("light", None)),
        ("system", "huge", (None, "huge")),
    ],
)
def test_a_device_remembers_its_look_without_signing_in(anybody, theme, size, data):
    anybody.take_token("/settings/appearance")

    anybody.send("/settings/appearance", theme=theme, size=size)

    for path in ("/", "/login", "/settings/appearance"):
        html = anybody.get(path).one("html")
        assert (html.get("data-theme"), html.get("data-text")) == data
    page = anybody.get("/settings/appearance")
    assert "checked" in page.one("input", id=f"theme-{theme}").attributes
    assert "checked" in page.one("input", id=f"size-{size}").attributes


def test_a_look_outlives_the_session(at_alice):
    at_alice.send("/settings/appearance", theme="dark", size="normal")
    at_alice.send("/logout")

    assert at_alice.get("/").one("html")["data-theme"] == "dark"


@pytest.mark.parametrize("sent", [{}, {"theme": "pink", "size": "large"}])
def test_a_look_that_there_is_not_is_refused(at_alice, sent):
    page = at_alice.send("/settings/appearance", 422, **sent)

    assert "Choose one of the options." in page.words


@pytest.mark.parametrize("cookie", ["", "dark", 'x"><script>.large', "dark.large.x"])
def test_a_cookie_that_is_not_ours_changes_nothing(app, cookie):
    browser = app.test_client()
    browser.set_cookie("kwip_look_8000", cookie)

    html = Visitor(browser).get("/").one("html")

    assert "data-theme" not in html.attributes
    assert "data-text" not in html.attributes
