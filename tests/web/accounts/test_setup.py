"""The page of the first administrator."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.setup import LIFETIME, code_digest, draw_code
from kwip.domain.clock import at, system_clock_ms
from kwip.store.accounts.setup import SetupStore
from tests.people import PASSWORD

FORM = {"username": "boss", "email": "boss@example.org", "password": PASSWORD}


@pytest.fixture
def code(wiring):
    drawn = draw_code()
    end = at(system_clock_ms()) + LIFETIME
    assert SetupStore(wiring.store).offer(code_digest(drawn), end)
    return drawn


def test_without_a_code_that_waits_there_is_no_such_page(anybody):
    anybody.take_token("/login")

    assert "set up" in anybody.get("/setup", 404).words
    assert anybody.post("/setup", code=draw_code(), **FORM).status_code == 404


def test_the_administrator_is_made_signed_in_and_marked_and_the_page_is_gone(
    anybody, code, client
):
    anybody.take_token("/setup")

    assert anybody.send("/setup", code=code, **FORM) == "/admin/settings"

    said = anybody.get("/admin/settings").said
    assert said.startswith("Welcome! You're the owner of this site.")
    assert "Owner" in anybody.get("/@boss").words
    anybody.get("/setup", 404)
    account = client.get("/api/v1/accounts/lookup?acct=boss").json
    assert [role["name"] for role in account["roles"]] == ["Owner"]


def test_a_wrong_code_is_said_at_its_field_and_the_others_stay(anybody, code):
    anybody.take_token("/setup")

    page = anybody.send("/setup", 422, code="ABCD-EFGH", **FORM)

    assert "that Kwip printed" in page.wrong("code")
    assert page.value("username") == "boss"
    assert page.value("password") == ""


def test_nobody_else_is_marked(anybody, alice):
    assert "Owner" not in anybody.get("/@alice").words
