"""Cookies and forms of one machine on another, and after the key was changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from kwip.app import create_app
from kwip.blueprints import login
from kwip.embedded import endpoints as endpoints_of
from tests.people import PASSWORD
from tests.servers import settings_in
from tests.web.pages import Visitor

OLD = "2f9c81d07ab64e353d0a5b18c7e6f942"
NEW = "b7e04d18c39a6f5261c8f03e9d2a7b45"


@pytest.fixture
def machine(tmp_path, wiring, settings):
    """Return a function that makes the app of a machine with a home of its own."""
    numbers = count()

    def make(**environ):
        home = tmp_path / f"machine-{next(numbers)}"
        keys = endpoints_of(settings_in(home, **environ)).secret_keys
        there = replace(wiring, endpoints=replace(wiring.endpoints, secret_keys=keys))
        return create_app(there, settings)

    return make


@pytest.fixture
def logged_in(alice):
    """Return a function that logs alice in on one machine."""

    def log_in(app):
        browser = Visitor(app.test_client()).take_token("/login")
        assert browser.send("/login", login="alice", password=PASSWORD) == "/home"
        return browser

    return log_in


def opens(browser, app):
    """Tell whether another machine takes the cookie, for pages of both kinds."""
    headers = {"Cookie": browser.cookie()}
    other = app.test_client(use_cookies=False)
    answers = [
        other.get(path, headers=headers) for path in ("/home", "/settings/sessions")
    ]
    assert len({answer.status_code for answer in answers}) == 1
    return answers[0].status_code == 200


def posts(browser, app, text):
    """Tell whether another machine takes a form that this one made."""
    page = browser.get("/compose")
    form = {name: page.value(name) for name in ("key", "csrf_token")}
    form |= {"text": text, "visibility": "public"}
    headers = {"Cookie": browser.cookie()}
    other = app.test_client(use_cookies=False)
    answer = other.post("/compose", data=form, headers=headers)
    return answer.status_code == 303 and not answer.location.startswith("/login")


def test_machines_with_key_files_of_their_own_log_each_others_users_out(
    machine, logged_in
):
    one, two = machine(), machine()
    browser = logged_in(one)

    assert opens(browser, one)
    assert not opens(browser, two)


def test_machines_with_the_same_key_are_one_site(machine, logged_in, tmp_path):
    one, two = machine(KWIP_SECRET_KEY=NEW), machine(KWIP_SECRET_KEY=NEW)
    browser = logged_in(one)

    assert opens(browser, two)
    assert posts(browser, two, "From one to two")
    assert not (tmp_path / "machine-0" / "secrets" / "flask").exists()


def test_a_key_in_a_file_is_the_same_as_one_in_a_variable(machine, logged_in, tmp_path):
    file = tmp_path / "key"
    file.write_text(f"{NEW}\n{OLD}\n")
    one = machine(KWIP_SECRET_KEY=f"{NEW} {OLD}")
    two = machine(KWIP_SECRET_KEY_FILE=str(file))

    assert opens(logged_in(one), two)


def test_a_key_is_changed_while_people_stay_logged_in(machine, logged_in):
    old, both = machine(KWIP_SECRET_KEY=OLD), machine(KWIP_SECRET_KEY=f"{OLD},{NEW}")
    changed = machine(KWIP_SECRET_KEY=f"{NEW},{OLD}")
    before, after = logged_in(old), logged_in(changed)

    assert opens(before, changed)
    assert posts(before, changed, "Written before the change")
    assert opens(after, both)  # a machine that has not been started again yet
    assert posts(after, both, "Written after the change")
    new = machine(KWIP_SECRET_KEY=NEW)  # the old key is taken away at last
    assert opens(after, new)
    assert posts(after, new, "Written when the old key is gone")
    assert not opens(after, old)
    assert not posts(after, old, "Signed by an unknown key")


def test_a_key_that_is_gone_opens_nothing(machine, logged_in):
    old, new = machine(KWIP_SECRET_KEY=OLD), machine(KWIP_SECRET_KEY=NEW)

    assert not opens(logged_in(old), new)


def test_the_names_that_a_browser_is_known_by_outlive_a_change(machine, logged_in):
    browser = logged_in(machine(KWIP_SECRET_KEY=OLD))
    changed = machine(KWIP_SECRET_KEY=f"{NEW} {OLD}")
    with changed.test_request_context("/", headers={"Cookie": browser.cookie()}):
        assert len(login.known_names()) == 2
