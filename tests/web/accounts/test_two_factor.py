"""Two-factor authentication on the pages, without JavaScript."""

from __future__ import annotations

import pyotp
import structlog

from kwip.domain.accounts.two_factor import STEP_MS
from kwip.domain.clock import system_clock_ms
from tests.frozen import swap
from tests.people import PASSWORD
from tests.web.pages import Visitor, check

HERE = "/settings/two-factor"


def stop_clock(wiring):
    """Stop the clock of codes; give its time."""
    now_ms = system_clock_ms() // STEP_MS * STEP_MS
    for service in (
        wiring.services.two_factor,
        wiring.services.two_factor.second_factor,
    ):
        swap(service, clock=lambda: now_ms)
    return now_ms


def test_it_is_set_up_with_a_code_and_asked_for_at_the_next_log_in(
    app, wiring, settings, at_alice
):
    now_ms = stop_clock(wiring)
    with structlog.testing.capture_logs() as lines:
        wrong = at_alice.send(f"{HERE}/app", 422, password="wrong horse")
        assert at_alice.send(f"{HERE}/app", password=PASSWORD) == f"{HERE}/key"
        page = at_alice.get(f"{HERE}/key")
        key = page.with_class("secret")[0].words.replace(" ", "")
        code = pyotp.TOTP(key).at(now_ms // 1_000)
        refused = at_alice.send(f"{HERE}/key", 422, code="12345")
        shown = at_alice.send(f"{HERE}/key", 200, code=code)
        codes = [each.words for each in shown.all("code")]
        anybody = Visitor(app.test_client()).take_token("/login")
        where = anybody.send("/login", login="alice", password=PASSWORD, next="/lists")
        assert anybody.send_away("/home").startswith("/login")
        step = anybody.get(where)
        again = anybody.send("/login/code", 422, code=code, next="/lists")
        at_last = anybody.send("/login/code", code=codes[0], next="/lists")

    pages = (wrong, page, refused, shown, step, again)
    for each in pages:
        check(each, settings.origin)
    assert wrong.wrong("password") == "That isn't your current password."
    assert page.all("svg", class_="qr")
    assert "isn't right" in refused.wrong("code")
    assert len(codes) == 10
    assert where == "/login/code?next=/lists"
    assert step.value("next") == "/lists"
    assert "already used" in again.wrong("code")
    assert at_last == "/lists"
    assert anybody.get(f"{HERE}").words.count("9 codes left") == 1
    assert anybody.send_away("/login/code") == "/login"
    assert not [s for s in (key, code, *codes, PASSWORD) if s in str(lines)]


def test_a_passkey_is_only_offered_to_people_who_have_one(at_alice):
    page = at_alice.get("/settings/delete")

    assert page.all("input", name="password")
    assert not page.all("button", data_passkey="get")


def test_a_second_step_nobody_began_leads_to_the_first(anybody):
    anybody.take_token("/login")

    assert anybody.send("/login/code", code="123456") == "/login"
    anybody._token = "forged"
    anybody.send("/login/code", 403, code="123456")
