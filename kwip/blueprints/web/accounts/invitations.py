"""The page on which members invite people, and the waiting list of a closed site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from flask import request, url_for

from kwip.blueprints import http
from kwip.blueprints.table import Policy, Route
from kwip.blueprints.web.accounts.email import LINK, LINK_FORM
from kwip.blueprints.web.pages import SECRET, Form, form_policy, go, page, page_again
from kwip.domain.accounts.joining import MEMBER_DAYS, MEMBER_USES
from kwip.domain.errors import InvalidError, NotFoundError, RateLimitedError
from kwip.schemas.accounts.joining_forms import CodeForm, InvitationForm, WaitForm
from kwip.schemas.accounts.mail import LinkQuery
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

_OWN = "settings_invitations.html"


def invitations() -> Response:
    """Show the viewer's invitations, and the form for a new one."""
    return page(_OWN, form=Form({"max_uses": "1", "days": "7"}), **_own())


def invite() -> Response:
    """Create an invitation."""
    try:
        asked = http.load_form(InvitationForm())
        http.services().invitations.create(
            http.signed_in(), max_uses=asked.max_uses, days=asked.days
        )
    except InvalidError as error:
        return page_again(_OWN, error, **_own())
    return go(url_for("web.invitations"), gettext("Invitation created."))


def end_invitation() -> Response:
    """End an invitation of the viewer; one that is gone is not an error."""
    code = http.load_form(CodeForm())
    try:
        http.services().invitations.end(http.signed_in(), code)
    except NotFoundError as error:
        return go(url_for("web.invitations"), error.message)
    return go(url_for("web.invitations"), gettext("Invitation ended."))


def wait() -> Response:
    """Send a link to somebody who wants to be on the waiting list."""
    services = http.services()
    try:
        services.sign_in.ask_for_mail(
            http.load_form(WaitForm()), request.remote_addr, services.wait_list.join
        )
    except (InvalidError, RateLimitedError) as error:
        return page_again("signup.html", error, mode="closed")
    message = gettext("We've sent you a link. Open it to join the waiting list.")
    return go(url_for("web.sign_up"), message)


def waiting_list() -> Response:
    """Ask whether to join the waiting list; only sending it does."""
    link = http.load_query(LinkQuery())
    mail = http.services().wait_list.pending(link)
    response = page("waiting_list.html", link=link, email=mail.address)
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def join_waiting_list() -> Response:
    """Put the address of a link on the waiting list."""
    http.services().wait_list.confirm(http.load_form(LinkQuery()))
    message = gettext("You're on the waiting list. We'll send you an invitation.")
    return go(url_for("web.landing"), message)


def leave_waiting_list() -> Response:
    """Delete the address of a link."""
    http.services().wait_list.leave(http.load_form(LinkQuery()))
    return go(url_for("web.landing"), gettext("We've deleted your address."))


def _own() -> dict[str, object]:
    found = http.services().invitations
    return {
        "invitations": found.of_viewer(http.signed_in()),
        "may_invite": found.may_invite(),
        "most_uses": MEMBER_USES,
        "most_days": MEMBER_DAYS,
    }


_FORM = form_policy("pages")
_INVITE = replace(_FORM, is_for_confirmed=True)
_WAIT = Policy(auth="optional", scope=None, quota="reset", cache="never", csrf="form")

ROUTES = (
    Route("GET", "/settings/invitations", invitations, SECRET),
    Route("POST", "/settings/invitations", invite, _INVITE),
    Route("POST", "/settings/invitations/end", end_invitation, _FORM),
    Route("POST", "/signup/wait", wait, _WAIT),
    Route("GET", "/waiting-list", waiting_list, LINK),
    Route("POST", "/waiting-list", join_waiting_list, LINK_FORM),
    Route("POST", "/waiting-list/leave", leave_waiting_list, LINK_FORM),
)
