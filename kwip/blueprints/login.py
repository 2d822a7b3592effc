"""The session cookie of our own pages, with Flask-Login, and their form token.

The signed cookie holds `<user id>.<secret>` of a session in MongoDB, which can be ended
there, and the names that this browser has signed in with. Only pages open it: the API,
the widgets and files never see a cookie.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import flask_login
from flask import session
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_wtf.csrf import generate_csrf, validate_csrf
from itsdangerous import BadSignature, URLSafeTimedSerializer
from wtforms import ValidationError

from kwip.blueprints import http
from kwip.blueprints.answers import placeholders
from kwip.domain.accounts.two_factor import Challenge
from kwip.domain.errors import ForbiddenError
from kwip.services.accounts.authentication import SESSION_LIFETIME, Credential
from kwip.services.accounts.sign_in import Halfway
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flask import Flask, Request

    from kwip.domain.accounts.users import Viewer
    from kwip.services.reading.loader import Loader, Lookup

#: The keys that Flask-Login, Flask-WTF and Flask use in the cookie.
_USER, _RAW_TOKEN, _MESSAGES = "_user_id", "csrf_token", "_flashes"
#: Where the cookie stores the digests of names, and how many: two each for some
#: accounts.
_NAMES, _NAMES_MAX = "names", 10
#: Where it stores that a password was right and a second step is to come. Nothing but
#: that step reads it.
_HALFWAY = "halfway"
#: Where it stores what a passkey was asked to sign.
_CHALLENGE = "challenge"
#: Where it stores until when the owner of a closed account can come back.
_CLOSED = "closed_until"
#: Paths that neither read nor set a cookie.
COOKIELESS = (
    "/api",
    "/embed/",
    "/badge/",
    "/card/",
    "/static/",
    "/assets/",
    "/media/",
    "/favicon.ico",
    "/robots.txt",
    "/manifest.webmanifest",
    "/livez",
    "/readyz",
)


@dataclass(frozen=True, slots=True)
class Visitor:
    """The user that Flask-Login takes as signed in; `text` is what the cookie holds."""

    text: str
    viewer: Viewer | None = None
    is_authenticated: bool = True
    is_active: bool = True
    is_anonymous: bool = False

    def get_id(self) -> str:
        """Return what is stored in the cookie."""
        return self.text


class PageSessions(SecureCookieSessionInterface):
    """Flask's signed cookie, for pages only."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Open the cookie, or nothing on paths without one."""
        if request.path.startswith(COOKIELESS) or http.is_feed(request.path):
            return None
        return super().open_session(app, request)


class SessionsOnly(flask_login.LoginManager):  # type: ignore[misc] # no types
    """Flask-Login without its remember cookie: ours lives as long as the session."""

    def _load_user_from_remember_cookie(self, _cookie: str) -> None:
        """Ignore the remember cookie; reading a broken one would be an error."""


def install(app: Flask) -> None:
    """Let an app recognise visitors by their cookie."""
    app.session_interface = PageSessions()
    # Without the context processor, which would load the visitor on error pages too.
    manager = SessionsOnly()
    manager.init_app(app, add_context_processor=False)
    # Not bound to an address: phones change theirs. The cookie is HttpOnly and
    # revocable.
    manager.session_protection = None
    manager.user_loader(_load)
    app.jinja_env.globals["form_token"] = placeholders.form_token


def cookie_settings(origin: str, keys: Sequence[str]) -> dict[str, object]:
    """Return Flask's settings for the site's cookie, and for signing it and forms.

    The first key signs; the others are still accepted.
    """
    address = urlsplit(origin)
    # Browsers share cookies between the ports of a host, but two sites must not.
    name = f"kwip_{address.port}" if address.port else "kwip"
    return {
        "SECRET_KEY": keys[0],
        "SECRET_KEY_FALLBACKS": [*keys[1:]],
        # Flask-WTF knows no fallbacks, but signs with the last key of a list.
        "WTF_CSRF_SECRET_KEY": [*reversed(keys)],
        "SESSION_COOKIE_NAME": name,
        "SESSION_COOKIE_SECURE": address.scheme == "https",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": SESSION_LIFETIME,
    }


def viewer() -> Viewer | None:
    """Return who is signed in."""
    visitor = flask_login.current_user
    return visitor.viewer if visitor.is_authenticated else None


def current_viewer(loader: Loader, *first: Lookup[Any, Any]) -> Viewer | None:
    """Return who is signed in now; charges nothing, because the request was charged.

    The lookups in `first` share its round trip.
    """
    visitor = flask_login.current_user
    if not visitor.is_authenticated:
        return None
    credential = Credential.parse("session", visitor.text)
    return http.services().authentication.open(credential, loader, first=first)


def sign_in(credential: Credential, names: Iterable[str] = ()) -> None:
    """Store a new session in the cookie, and the `names` it was signed in with.

    Of the old cookie only the known names are kept.
    """
    kept = list(dict.fromkeys([*names, *session.get(_NAMES, ())]))
    session.clear()
    session.permanent = True
    session[_NAMES] = kept[:_NAMES_MAX]
    flask_login.login_user(Visitor(credential.text))


def sign_out() -> None:
    """Empty the cookie, except for the known names.

    `Authentication.sign_out` ends the session in MongoDB.
    """
    flask_login.logout_user()
    kept = session.get(_NAMES, ())
    session.clear()
    session.permanent = True
    session[_NAMES] = kept


def note_closed(until: dt.datetime) -> None:
    """Store until when somebody who has just closed their account can come back."""
    session[_CLOSED] = until.isoformat()


def closed_until() -> dt.datetime | None:
    """Return until when the last user of this browser can come back, if it is known."""
    text = session.get(_CLOSED)
    return None if text is None else dt.datetime.fromisoformat(text)


def keep_first_step(halfway: Halfway) -> None:
    """Store that the first step of signing in is done."""
    session[_HALFWAY] = halfway.text


def first_step() -> Halfway | None:
    """Return what the first step of signing in gave, if it was done."""
    return Halfway.parse(str(session.get(_HALFWAY, "")))


def forget_first_step() -> None:
    """Forget it, because the first step must be repeated."""
    session.pop(_HALFWAY, None)


def keep_challenge(challenge: Challenge) -> None:
    """Store what this browser was asked to sign."""
    session[_CHALLENGE] = challenge.text


def take_challenge() -> Challenge | None:
    """Return and forget what this browser was asked to sign."""
    return Challenge.parse(str(session.pop(_CHALLENGE, "")))


def known_names() -> frozenset[str]:
    """Return the digests of the names that this browser has signed in with."""
    return frozenset(session.get(_NAMES, ()))


@dataclass(frozen=True, slots=True)
class Reader:
    """Who requests a page, according to the cookie; visitors have no credential.

    `form_token` is the one in this reader's forms, None if there is none yet.
    """

    credential: Credential | None = None
    form_token: str | None = None


def reader_of(app: Flask, cookie: str | None) -> Reader | None:
    """Read a session cookie; None for one that a page will change or cannot use.

    No I/O: the cache or MongoDB decides whether the session has ended.
    """
    if cookie is None:
        return Reader()
    lifetime_s = int(app.permanent_session_lifetime.total_seconds())
    serializer = PageSessions().get_signing_serializer(app)
    try:
        held = serializer.loads(cookie, max_age=lifetime_s) if serializer else {}
    except BadSignature:
        return None
    raw, text = held.get(_RAW_TOKEN), held.get(_USER)
    if _MESSAGES in held or not isinstance(raw, str):
        return None
    signer = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token")
    token = str(signer.dumps(raw))
    if text is None:
        return Reader(None, token)
    credential = Credential.parse("session", text)
    return None if credential is None else Reader(credential, token)


def form_token() -> str:
    """Return the token that each form of this page sends as `csrf_token`."""
    token: str = generate_csrf()
    return token


def check_form_token(text: str | None) -> None:
    """Check that a form came from one of our pages.

    Raises:
        ForbiddenError: The token is missing, or belongs to another cookie.
    """
    try:
        validate_csrf(text)
    except ValidationError as error:
        raise ForbiddenError(
            gettext(
                "This form has expired, or was sent from another site. "
                "Go back, reload the page and send it again."
            ),
            rule="form_token",
        ) from error


def _load(text: str) -> Visitor | None:
    """Find the viewer of the cookie's credential; called by Flask-Login, once."""
    found = http.identify(Credential.parse("session", text))
    return Visitor(text, found) if found else None
