"""People at their browsers, on real servers."""

from __future__ import annotations

import pytest

from kwip.domain.accounts.roles import Role
from tests.people import alice, app, bob, client, people, sign_in, wiring
from tests.web.pages import Visitor

__all__ = ["alice", "app", "bob", "client", "people", "wiring"]


@pytest.fixture
def anybody(app):
    """Return a browser in which nobody is signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def browser_of(app, wiring):
    """Return a function that signs a person in, in a browser of their own."""

    def open_browser(person):
        browser = sign_in(app, wiring, person)
        return Visitor(browser, browser.form_token)

    return open_browser


@pytest.fixture
def at_alice(browser_of, alice):
    return browser_of(alice)


@pytest.fixture
def at_bob(browser_of, bob):
    return browser_of(bob)


@pytest.fixture
def appointed(wiring, people, browser_of):
    """Return a function that opens a browser for somebody with a role."""

    def appoint(role, name="boss"):
        person = people(name)
        wiring.services.moderation.set_role(person.user.id, role)
        return browser_of(person)

    return appoint


@pytest.fixture
def at_moderator(appointed):
    return appointed(Role.MODERATOR, "mod")


@pytest.fixture
def at_admin(browser_of, alice, wiring):
    """Return an administrator's browser."""
    wiring.services.moderation.set_role(alice.user.id, Role.ADMINISTRATOR)
    return browser_of(alice)
