from __future__ import annotations

import re
import threading

import pytest

from kwip.app import create_app
from kwip.domain.accounts.site import SignUpMode, SiteSettings
from kwip.domain.accounts.users import clean_username
from kwip.domain.errors import InvalidError
from kwip.domain.rate_limits import Window
from tests.frozen import swap
from tests.people import PASSWORD
from tests.web.pages import Visitor

ELSEWHERE = [
    "",
    "home",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/home\r\nX: y",
]


def test_who_signs_up_is_signed_in_and_welcomed(anybody):
    anybody.take_token("/signup")

    where = anybody.send(
        "/signup",
        username="Carol",
        display_name="Carol K.",
        email="c@example.org",
        password=PASSWORD,
    )

    assert where == "/welcome"
    assert anybody.get("/@carol").all("a", href="/settings/profile")


def test_a_form_names_every_field_that_is_wrong_and_keeps_the_others(anybody, alice):
    anybody.take_token("/signup")

    page = anybody.send(
        "/signup", 422, username="alice", email="nope", password="2short"
    )

    assert page.wrong("email") == "Enter an email address, such as name@example.org."
    assert page.wrong("password") == "Use 8 to 256 characters."
    assert page.value("username") == "alice"
    assert page.value("email") == "nope"
    assert page.value("password") == ""
    assert not page.with_class("problem")


def test_a_browser_lets_those_usernames_pass_that_the_server_takes(anybody):
    pattern = anybody.get("/signup").one("input", name="username")["pattern"]
    for name in ("alice", " @Bob_2 ", "x" * 30, "x" * 31, "a b", "é", "a-b", "", "@"):
        try:
            is_taken = bool(clean_username(name))
        except InvalidError:
            is_taken = False
        assert bool(re.fullmatch(pattern, name)) == is_taken, name


def test_a_name_that_is_taken_is_said_at_its_field(anybody, alice):
    anybody.take_token("/signup")

    page = anybody.send(
        "/signup", 422, username="ALICE", email="a@b.example", password=PASSWORD
    )

    assert page.wrong("username") == "This username is taken."


def test_an_address_that_has_an_account_is_not_told_to_strangers(anybody, alice):
    anybody.take_token("/signup")

    page = anybody.send(
        "/signup", 422, username="new", email="alice@example.org", password=PASSWORD
    )

    assert not page.wrong("email")
    assert page.with_class("problem")[0].words == (
        "We couldn't create an account with these details. "
        "If you already have an account, log in."
    )
    assert page.value("email") == "alice@example.org"
    assert page.all("a", href="/login")


def test_a_site_that_is_closed_says_so_and_takes_nobody(wiring, settings):
    wiring.services.site.defaults = SiteSettings(sign_up=SignUpMode.CLOSED)
    anybody = Visitor(create_app(wiring, settings).test_client())
    token = anybody.get("/login").value("csrf_token")

    [form] = anybody.get("/signup").all("form", method="post")
    assert form["action"] == "/signup/wait"
    links = anybody.get("/").all("a", href="/signup")
    assert {link.words for link in links} == {"Join the waiting list"}
    fields = {"username": "x", "email": "x@example.org", "password": PASSWORD}
    refused = anybody.send("/signup", 403, csrf_token=token, **fields)
    assert "closed" in refused.words


def test_one_logs_in_by_name_or_address(app, alice):
    for name in ("alice", "@Alice", "ALICE", "alice@example.org"):
        anybody = Visitor(app.test_client()).take_token("/login")

        assert anybody.send("/login", login=name, password=PASSWORD) == "/home"
        assert anybody.get("/@alice").all("a", href="/settings/profile")


def test_a_log_in_that_fails_says_nothing_about_who_exists(anybody, alice):
    anybody.take_token("/login")
    for name, password in (
        ("alice", "wrong password"),
        ("nobody", PASSWORD),
        ("", ""),
        ("alice", ""),
    ):
        page = anybody.send(
            "/login", 401, login=name, password=password, next="/@alice"
        )

        (problem,) = page.with_class("problem")
        assert problem.words == "Wrong username or password."
        assert page.value("login") == name
        assert page.value("password") == ""
        assert page.value("next") == "/@alice"


def test_after_logging_in_one_comes_to_where_one_wanted_to_go(anybody, alice):
    where = anybody.send_away("/settings/tokens?x=1")
    assert where == "/login?next=/settings/tokens?x%3D1"

    page = anybody.get(where)
    fields = {"csrf_token": page.value("csrf_token"), "next": page.value("next")}
    after = anybody.send("/login", login="alice", password=PASSWORD, **fields)
    assert after == "/settings/tokens?x=1"


def test_logging_in_leads_nowhere_else(app, alice):
    for address in ELSEWHERE:
        anybody = Visitor(app.test_client()).take_token("/login")

        where = anybody.send("/login", login="alice", password=PASSWORD, next=address)

        assert where == "/home", address


def test_who_is_signed_in_is_led_home(at_alice):
    for place in ("/login", "/signup"):
        assert at_alice.send_away(place) == "/home"


def test_logging_out_ends_the_session_everywhere(at_alice, app):
    cookie = at_alice.cookie()

    assert at_alice.send("/logout") == "/"

    assert at_alice.get("/").said == "You're logged out."
    thief = app.test_client(use_cookies=False)
    answer = thief.get("/home", headers={"Cookie": cookie})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/login")


def test_a_new_token_works_and_is_shown_once(at_alice, client):
    page = at_alice.send("/settings/tokens", 200, name="bot", read="1", write="1")
    (secret,) = page.with_class("secret")
    assert page.value("name") == ""

    headers = {"Authorization": f"Bearer {secret.words}"}
    answer = client.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert answer.json["username"] == "alice"
    assert not at_alice.get("/settings/tokens").with_class("secret")


def test_a_new_token_is_in_no_cookie_and_no_other_page_shows_it(at_alice):
    answer = at_alice.post("/settings/tokens", name="bot", read="1")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    for path in ("/home", "/settings/tokens"):
        assert not at_alice.get(path).with_class("secret")


def test_a_token_that_is_revoked_works_no_more(at_alice, client):
    page = at_alice.send("/settings/tokens", 200, name="bot", read="1")
    headers = {"Authorization": f"Bearer {page.with_class('secret')[0].words}"}
    place = [f["action"] for f in page.all("form") if "revoke" in f.get("action", "")]

    at_alice.send(place[-1])

    assert at_alice.get("/settings/tokens").said == "Token revoked."
    answer = client.get("/api/v1/accounts/verify_credentials", headers=headers)
    assert answer.status_code == 401
    at_alice.send(place[-1])
    assert at_alice.get("/settings/tokens").said == "That token was already revoked."


def test_a_token_is_revoked_by_its_owner_only(at_bob, alice, client):
    digest = at_bob.get("/settings/tokens").all("form")[0]["action"].split("/")[3]
    at_bob.send(f"/settings/tokens/{digest}/revoke")
    mine = client.get(
        "/api/v1/accounts/verify_credentials",
        headers={"Authorization": f"Bearer {alice.token}"},
    )

    assert mine.status_code == 200


def test_a_token_needs_a_name_and_something_to_do(at_alice):
    for name in ("", "x" * 61):
        page = at_alice.send("/settings/tokens", 422, name=name, read="1")

        assert page.wrong("name") == "Use 1 to 60 characters."
        assert page.value("name") == name
    page = at_alice.send("/settings/tokens", 422, name="bot")
    assert "Choose at least one." in page.words
    assert page.value("name") == "bot"


def test_a_profile_is_changed_and_keeps_what_is_wrong(at_alice):
    too_long = at_alice.send("/settings/profile", 422, display_name="x" * 61, bio="b")
    assert "60" in too_long.wrong("display_name")
    assert too_long.value("bio") == "b"

    at_alice.send("/settings/profile", display_name="Alice A.", bio="https://a.example")

    page = at_alice.get("/@alice")
    assert page.one("h1").words == "Alice A."
    assert page.all("a", href="https://a.example")


def limited(app, wiring, monkeypatch, **limits):
    """Let the windows of signing in and up be on in this app."""
    found = {name: Window(name, limit, 600) for name, limit in limits.items()}
    swap(wiring.services.sign_in, windows=found)


def test_too_many_guesses_are_told_when_to_try_again(
    app, wiring, anybody, alice, monkeypatch
):
    limited(app, wiring, monkeypatch, signin=1)
    anybody.take_token("/login")
    anybody.send("/login", 401, login="alice", password="a guess")
    page = anybody.send("/login", 429, login="alice", password=PASSWORD)

    assert page.with_class("problem")[0].words == (
        "Too many requests. Try again in 10 minutes."
    )
    assert page.value("login") == "alice"
    assert page.value("password") == ""


@pytest.mark.parametrize("path", ["/login", "/signup"])
def test_too_many_at_once_are_asked_to_try_again_and_their_form_stays(
    wiring, anybody, monkeypatch, path
):
    hashing = wiring.services.authentication.passwords
    monkeypatch.setattr(hashing, "_room", threading.Semaphore(0))
    anybody.take_token(path)
    filled = {"login": "alice"} if path == "/login" else {"username": "a"}
    email = {} if path == "/login" else {"email": "a@example.org"}
    page = anybody.send(path, 503, password=PASSWORD, **filled, **email)

    assert page.with_class("problem")[0].words == (
        "Too many people are logging in right now. Try again in a few seconds."
    )
    [(name, value)] = filled.items()
    assert page.value(name) == value
    answer = anybody.post(path, password=PASSWORD, **filled, **email)
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_browser_that_was_signed_in_before_gets_in_while_others_guess(
    app, wiring, anybody, alice, monkeypatch
):
    limited(app, wiring, monkeypatch, signin=9, signin_account=3)
    owner = Visitor(app.test_client())
    owner.take_token("/login")
    owner.send("/login", login="alice", password=PASSWORD)
    owner.take_token("/home")
    owner.send("/logout")
    anybody.take_token("/login")
    for number in (401, 401, 429):
        anybody.send("/login", number, login="alice", password="a guess")
    owner.take_token("/login")

    assert owner.send("/login", login="alice@example.org", password=PASSWORD) == "/home"


def test_too_many_accounts_are_told_so_and_what_was_filled_in_stays(
    app, wiring, anybody, alice, monkeypatch
):
    limited(app, wiring, monkeypatch, signup=1)
    wiring.services.sign_in.charge("sign_up", {"signup": "127.0.0.1"})
    anybody.take_token("/signup")
    page = anybody.send(
        "/signup", 429, username="carol", email="c@example.org", password=PASSWORD
    )

    assert "Try again in 10 minutes." in page.words
    assert page.value("username") == "carol"
