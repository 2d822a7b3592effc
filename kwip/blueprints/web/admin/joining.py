"""The pages on which staff decides who joins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission, may
from kwip.domain.errors import ConflictError, InvalidError, NotFoundError
from kwip.domain.ids import UserId
from kwip.schemas.accounts.joining_forms import (
    AnswerForm,
    CodeForm,
    InvitationForm,
    WaitingForm,
)
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

_REVIEW, _INVITE = Permission.REVIEW_SIGN_UPS, Permission.MANAGE_INVITATIONS


def applications() -> Response:
    """Show who waits for approval."""
    role = http.services().staff.role(http.signed_in(), http.loader())
    return page(
        "admin_applications.html",
        applications=http.services().applications.waiting(),
        shows_email=may(role, Permission.SEE_EMAIL_ADDRESSES),
    )


def answer_application() -> Response:
    """Approve or decline a request to join."""
    found, back = http.services().applications, url_for("web.applications")
    answer = http.load_form(AnswerForm())
    user_id = UserId(answer.user_id)
    try:
        if answer.is_approved:
            user = found.approve(user_id, by_viewer(_REVIEW))
            name = user.username
            return go(back, gettext("@%(name)s can log in now.", name=name))
        found.reject(user_id, by_viewer(_REVIEW), answer.text)
    except (ConflictError, InvalidError, NotFoundError) as error:
        return go(back, error.message)
    return go(back, gettext("Declined. We've sent an email."))


def all_invitations() -> Response:
    """Show everybody's invitations, and the form for one of the site."""
    newest = http.services().invitations.newest()
    form = Form({"max_uses": "1", "days": "14"})
    return page("admin_invitations.html", invitations=newest, form=form)


def invite_for_site() -> Response:
    """Create an invitation of the site."""
    found = http.services().invitations
    try:
        asked = http.load_form(InvitationForm())
        found.create_for_staff(
            by_viewer(_INVITE),
            max_uses=asked.max_uses,
            days=asked.days,
            creator_id=http.signed_in().id,
        )
    except InvalidError as error:
        newest = found.newest()
        return page_again("admin_invitations.html", error, invitations=newest)
    return go(url_for("web.all_invitations"), gettext("Invitation created."))


def end_any_invitation() -> Response:
    """End an invitation."""
    code, back = http.load_form(CodeForm()), url_for("web.all_invitations")
    try:
        http.services().invitations.end_by_staff(code, by_viewer(_INVITE))
    except NotFoundError as error:
        return go(back, error.message)
    return go(back, gettext("Invitation ended."))


def waiting_people() -> Response:
    """Show the waiting list."""
    waiting = http.services().wait_list.waiting()
    return page("admin_waiting.html", waiting=waiting)


def invite_waiting() -> Response:
    """Send an invitation to somebody on the waiting list."""
    key, back = http.load_form(WaitingForm()), url_for("web.waiting_people")
    try:
        email = http.services().wait_list.invite(
            key, by_viewer(_INVITE), http.signed_in().id
        )
    except (ConflictError, NotFoundError) as error:
        return go(back, error.message)
    return go(back, gettext("We've sent an invitation to %(email)s.", email=email))


ROUTES = (
    Route("GET", "/admin/applications", applications, page_policy(_REVIEW)),
    Route("POST", "/admin/applications", answer_application, form_policy(_REVIEW)),
    Route("GET", "/admin/invitations", all_invitations, page_policy(_INVITE)),
    Route("POST", "/admin/invitations", invite_for_site, form_policy(_INVITE)),
    Route("POST", "/admin/invitations/end", end_any_invitation, form_policy(_INVITE)),
    Route("GET", "/admin/waiting-list", waiting_people, page_policy(_INVITE)),
    Route("POST", "/admin/waiting-list", invite_waiting, form_policy(_INVITE)),
)
