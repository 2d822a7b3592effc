"""Sign up, log in, log out, and the personal tokens."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import Response, request, url_for

from kwip.blueprints import http
from kwip.blueprints import login as cookie
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.pages import (
    OPEN,
    OPEN_PART,
    SECRET,
    Form,
    form_policy,
    go,
    is_local,
    own_user,
    page,
    page_again,
)
from kwip.domain.errors import (
    InvalidError,
    NotAuthenticatedError,
    NotFoundError,
    RateLimitedError,
    StoreUnavailableError,
)
from kwip.schemas.accounts.forms import LogInForm, SignUpForm, TokenForm
from kwip.schemas.accounts.two_factor import SecondStep, SecondStepForm
from kwip.schemas.forms import ActForm
from kwip.services.accounts.sign_in import Applicant, Halfway
from kwip.services.accounts.users import SignUp
from kwip.text.translation import gettext, language

if TYPE_CHECKING:
    from kwip.domain.accounts.two_factor import Answer
    from kwip.services.accounts.sign_in import Admitted

#: After these errors the form is shown again, with what was filled in.
_TRY_AGAIN = (
    InvalidError,
    NotAuthenticatedError,
    RateLimitedError,
    StoreUnavailableError,
)


def sign_up() -> Response:
    """Show the sign-up form, or how else to join."""
    if http.viewer():
        return go(url_for("web.home"))
    return page("signup.html", form=Form(), **_ways_in())


def invitation(code: str) -> Response:
    """Show the sign-up form to somebody with an invitation."""
    if http.viewer():
        return go(url_for("web.home"), gettext("You already have an account."))
    invitations = http.services().invitations
    try:
        inviter = invitations.creator_of(invitations.usable(code))
    except InvalidError as error:
        return page_again("signup.html", error, **_ways_in())
    form = Form({"invite": code})
    return page("signup.html", form=form, inviter=inviter, **_ways_in())


def join() -> Response:
    """Create an account and log in, or ask for one."""
    try:
        asked = http.load_form(SignUpForm())
        form = SignUp(**asked.fields, language=language())
        admitted = http.services().sign_in.sign_up(
            form, applicant(), invite=asked.invite, reason=asked.reason
        )
    except _TRY_AGAIN as error:
        return page_again("signup.html", error, **_ways_in())
    if admitted is None:
        message = gettext(
            "Thanks. We'll email you as soon as somebody has looked at it."
        )
        return go(url_for("web.login"), message)
    cookie.sign_in(admitted.credential, admitted.names)
    return go(url_for("web.welcome"))


def _ways_in() -> dict[str, object]:
    return {"mode": http.services().site.current().sign_up.value}


def login() -> Response:
    """Show the login form."""
    if http.viewer():
        return go(url_for("web.home"))
    form = Form({"next": request.args.get("next", "")})
    return page("login.html", form=form, closed_until=cookie.closed_until())


def log_in() -> Response:
    """Log in, and continue to the page that the visitor wanted."""
    try:
        form = http.load_form(LogInForm())
        found = http.services().sign_in.sign_in(form.login, form.password, applicant())
    except _TRY_AGAIN as error:
        return page_again("login.html", error, closed_until=cookie.closed_until())
    if isinstance(found, Halfway):
        cookie.keep_first_step(found)
        return go(url_for("web.second_step", next=form.next or None))
    return _enter(found, form.next)


def _enter(admitted: Admitted, wanted: str) -> Response:
    """Continue to the page that somebody wanted who has just logged in."""
    cookie.sign_in(admitted.credential, admitted.names)
    message = gettext(
        "Welcome back. Your account is open again, and everyone can see your profile "
        "and kwips as before. Log in again in your apps. Follow requests that were "
        "waiting are gone."
    )
    start = url_for("web.welcome" if admitted.is_new else "web.home")
    where = wanted if is_local(wanted) else start
    return go(where, message if admitted.is_back else "")


def second_step() -> Response:
    """Ask for a code, after the password."""
    if cookie.first_step() is None:
        return go(url_for("web.login"))
    return page("login_code.html", form=Form({"next": request.args.get("next", "")}))


def finish_log_in() -> Response:
    """Log in with the code."""
    form, answer = _answer()
    try:
        admitted = http.services().second_step.complete(
            cookie.first_step(), answer, applicant()
        )
    except NotAuthenticatedError as error:
        cookie.forget_first_step()
        return go(url_for("web.login", next=form.next or None), error.message)
    except _TRY_AGAIN as error:
        return page_again("login_code.html", error)
    return _enter(admitted, form.next)


def log_in_with_passkey() -> Response:
    """Log in with a passkey alone."""
    form, answer = _answer()
    try:
        admitted = http.services().second_step.with_passkey(answer, applicant())
    except _TRY_AGAIN as error:
        return page_again("login.html", error, closed_until=cookie.closed_until())
    return _enter(admitted, form.next)


def _answer() -> tuple[SecondStep, Answer]:
    """Read a form with an answer, and add what this browser was asked."""
    form = http.load_form(SecondStepForm())
    return form, replace(form.answer, challenge=cookie.take_challenge())


def logout() -> Response:
    """Log out: end the session in MongoDB and in the cookie."""
    http.services().authentication.sign_out(http.signed_in())
    cookie.sign_out()
    return go(url_for("web.landing"), gettext("You're logged out."))


def token_settings() -> Response:
    """Show the viewer's tokens, and the form for a new one."""
    return _tokens_page()


def _tokens_page(secret: str = "") -> Response:
    form = Form({"read": "1", "write": "1"})
    return page("settings_tokens.html", form=form, secret=secret, **_known_tokens())


def _known_tokens() -> dict[str, object]:
    """Return the viewer's tokens, and whether some may be for moderators."""
    tokens = http.services().authentication.tokens(http.signed_in())
    return {"tokens": tokens, "is_staff": own_user().role.is_staff}


def create_token() -> Response:
    """Create a token and show it once, in this response."""
    access = http.services().authentication
    try:
        asked = http.load_form(TokenForm())
        _, text = access.create_token(http.signed_in(), asked.name, asked.scopes)
    except InvalidError as error:
        return page_again("settings_tokens.html", error, **_known_tokens())
    return _tokens_page(text)


def revoke_token(token_id: str) -> Response:
    """Revoke a token; one that no longer exists is not an error."""
    http.load_form(ActForm())
    try:
        http.services().authentication.revoke_token(http.signed_in(), token_id)
    except NotFoundError:
        return go(
            url_for("web.token_settings"), gettext("That token was already revoked.")
        )
    return go(url_for("web.token_settings"), gettext("Token revoked."))


def applicant() -> Applicant:
    """Return what is known about the person who is signing in."""
    return Applicant(
        address=request.remote_addr,
        agent=request.user_agent.string,
        known_names=cookie.known_names(),
    )


#: Visitors see these before anything is known about them.
_DOOR = replace(OPEN, asks_nothing=True)
_SIGN_UP = Policy(
    auth="optional", scope=None, quota="sign_up", cache="never", csrf="form"
)
_LOG_IN = Policy(
    auth="optional", scope=None, quota="sign_in", cache="never", csrf="form"
)
#: What the cookie says decides what it shows.
_STEP = replace(OPEN_PART, asks_nothing=True)
_FORM = form_policy("pages")

ROUTES = (
    Route("GET", "/signup", sign_up, _DOOR),
    Route("POST", "/signup", join, _SIGN_UP),
    Route("GET", "/invite/<code>", invitation, _DOOR),
    Route("GET", "/login", login, _DOOR),
    Route("POST", "/login", log_in, _LOG_IN),
    Route("GET", "/login/code", second_step, _STEP),
    Route("POST", "/login/code", finish_log_in, _LOG_IN),
    Route("POST", "/login/passkey", log_in_with_passkey, _LOG_IN),
    Route("POST", "/logout", logout, _FORM),
    Route("GET", "/settings/tokens", token_settings, SECRET),
    Route("POST", "/settings/tokens", create_token, _FORM),
    Route(
        "POST",
        "/settings/tokens/<string(length=64):token_id>/revoke",
        revoke_token,
        _FORM,
    ),
)
