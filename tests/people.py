"""An app on real servers, and people who use it with their own tokens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import pytest
from flask import session
from flask.testing import FlaskClient

from kwip.app import create_app
from kwip.blueprints import login
from kwip.domain.accounts.users import PUSH, READ, WRITE, User
from kwip.services.accounts.users import SignUp
from kwip.wiring import Options, Wiring, build
from tests.signed_up import create_token, sign_up
from tests.widget_answers import CheckedClient

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask
    from werkzeug.test import TestResponse

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a token, and a client without cookies."""

    app: Flask
    user: User
    token: str
    make_token: Callable[[frozenset[str]], str]

    @cached_property
    def reading_token(self) -> str:
        """Return a token that only reads, made when it is first asked for."""
        return self.make_token(frozenset({READ}))

    @property
    def id(self) -> str:
        return str(self.user.id)

    def ask(self, method: str, path: str, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} | options.pop("headers", {})
        client = self.app.test_client(use_cookies=False)
        return client.open(path, method=method, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.ask("POST", path, **options)

    def say(self, text: str, **fields: Any) -> dict[str, Any]:
        answer = self.post("/api/v1/statuses", json={"status": text, **fields})
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json
        return status


class People:
    """Make people as they are first named."""

    def __init__(self, app: Flask, wiring: Wiring):
        self._app = app
        self._wiring = wiring

    def __call__(self, username: str) -> Person:
        form = SignUp(
            username=username,
            email=f"{username}@example.org",
            password=PASSWORD,
            display_name=username.title(),
        )
        user, token = sign_up(self._wiring, form, frozenset({READ, WRITE, PUSH}))
        return Person(self._app, user, token, partial(create_token, self._wiring, user))


@pytest.fixture
def wiring(settings, endpoints):
    """Return one web process's parts, whose jobs nobody does."""
    made = build(
        settings, endpoints, role="web", options=Options(enqueue=lambda *_: None)
    )
    yield made
    made.close()


@pytest.fixture
def app(wiring, settings):
    """Return the app of these parts; its clients know what widgets answer."""
    made = create_app(wiring, settings)
    made.test_client_class = CheckedClient
    return made


@pytest.fixture
def client(app):
    """Return somebody without cookies and tokens."""
    return app.test_client(use_cookies=False)


@pytest.fixture
def people(app, wiring):
    """Return a function that signs a person up."""
    return People(app, wiring)


@pytest.fixture
def alice(people):
    return people("alice")


@pytest.fixture
def bob(people):
    return people("bob")


class Browser(FlaskClient):
    """A client with cookies, and the token that its forms carry."""

    form_token = ""


def sign_in(app: Flask, wiring: Wiring, person: Person) -> Browser:
    """Return a browser with the cookie of a new session, made without a page."""
    user = person.user
    credential = wiring.services.authentication.begin_session(
        user.id, user.username, "test"
    )
    browser = Browser(app, app.response_class)
    with app.test_request_context("/"):
        login.sign_in(credential)
        browser.form_token = login.form_token()
        kept = dict(session)
    with browser.session_transaction() as own:
        own.update(kept)
    return browser
