"""A closed account on pages: where its owner comes back, and what staff see."""

from __future__ import annotations

from kwip.domain.accounts.closures import GRACE
from kwip.domain.clock import at, system_clock_ms
from tests.people import PASSWORD


def test_a_closed_account_says_until_when_and_welcomes_its_owner(
    at_alice, at_moderator, wiring, alice
):
    where = "/admin/members/alice"
    assert at_alice.send("/settings/delete", password=PASSWORD) == "/login"
    until = f"{at(system_clock_ms()) + GRACE:%b %Y}"

    page = at_alice.get("/login")
    assert "Your account is closed" in page.words
    assert until in page.words
    of_staff = at_moderator.get(where)
    assert "Closed by its owner" in of_staff.words
    assert "Lift suspension" not in of_staff.words
    assert of_staff.all("a", href=f"{where}/suspend")
    wiring.services.moderation.suspend(alice.user.id)
    assert "Lift suspension" in at_moderator.get(where).words
    wiring.services.moderation.unsuspend(alice.user.id)
    at_alice.take_token("/login")
    asked = {"login": "alice", "password": PASSWORD}
    assert at_alice.send("/login", **asked) == "/home"
    assert "Welcome back. Your account is open again" in at_alice.get("/home").words
    assert "Your account is closed" not in at_alice.get("/settings").words
