"""The pages about members, and what staff do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission, may
from kwip.domain.errors import ConflictError, InvalidError
from kwip.domain.moderation.strikes import Act, Decision
from kwip.schemas.accounts.members import MembersQuery, StaffActForm
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Response

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.ids import UserId
    from kwip.services.bundle import Services

_PLACE = "/admin/members/<name:username>"


def members() -> Response:
    """List members, by role and state, or by a search."""
    asked = http.load_query(MembersQuery())
    viewer = http.signed_in()
    role = http.services().staff.role(viewer, http.loader())
    by_address = may(role, Permission.SEE_EMAIL_ADDRESSES)
    members = http.services().members
    found = members.page(asked, by_address=by_address, reader=viewer)
    return page("admin_members.html", found=found, asked=asked)


def member(username: str) -> Response:
    """Show what is known about a member, and what the viewer may do."""
    facts = http.services().members.facts(username)
    return page("admin_member.html", facts=facts, form=Form())


def suspension(username: str) -> Response:
    """Ask whether to suspend a member."""
    user = http.services().members.user(username)
    return page("admin_suspend.html", user=user, form=Form())


def see_email(username: str) -> Response:
    """Show a member's page with the email address, once; this is recorded."""
    services = http.services()
    email = services.members.email_address(http.signed_in(), username)
    facts = services.members.facts(username)
    return page("admin_member.html", facts=facts, form=Form(), email=email)


def _act(
    username: str,
    permission: Permission,
    act: Callable[[Services, UserId, Order], None],
    message: str,
) -> Response:
    """Do something about a member for the reason in the form."""
    services = http.services()
    try:
        reason = http.load_form(StaffActForm()).reason
        order = by_viewer(permission, reason)
        act(services, services.members.user(username).id, order)
    except (ConflictError, InvalidError) as error:
        facts = services.members.facts(username)
        return page_again("admin_member.html", error, facts=facts)
    return go(url_for("web.member", username=username), message)


def _limit(username: str, act: Act, message: str) -> Response:
    """Silence or suspend a member, who is told and can appeal."""
    asked = http.load_form(StaffActForm())
    decision = Decision(act=act, text=asked.text, sends_mail=asked.sends_mail)
    viewer = http.signed_in()
    return _act(
        username,
        Permission.LIMIT_PEOPLE,
        lambda services, user_id, order: services.limits.limit(
            viewer, order, user_id, decision
        ),
        message,
    )


def _lift(username: str, act: Act, message: str) -> Response:
    viewer = http.signed_in()
    return _act(
        username,
        Permission.LIMIT_PEOPLE,
        lambda services, user_id, order: services.limits.lift(
            viewer, order, user_id, act
        ),
        message,
    )


def silence_member(username: str) -> Response:
    """Silence a member."""
    return _limit(
        username,
        Act.SILENCE,
        gettext("Limited. Only followers come across their kwips."),
    )


def unsilence_member(username: str) -> Response:
    """End a silence."""
    return _lift(
        username,
        Act.SILENCE,
        gettext("No longer limited."),
    )


def suspend_member(username: str) -> Response:
    """Suspend a member."""
    return _limit(
        username,
        Act.SUSPEND,
        gettext("Suspended. Everything they posted is hidden."),
    )


def unsuspend_member(username: str) -> Response:
    """End a suspension."""
    return _lift(
        username,
        Act.SUSPEND,
        gettext("No longer suspended."),
    )


def confirm_member(username: str) -> Response:
    """Take a member's email address as confirmed."""
    return _act(
        username,
        Permission.MANAGE_ACCESS,
        lambda services, *by: services.moderation.confirm_email(*by),
        gettext("Email address confirmed."),
    )


def end_member_sessions(username: str) -> Response:
    """Log a member out everywhere."""
    return _act(
        username,
        Permission.MANAGE_ACCESS,
        lambda services, *by: services.moderation.end_sessions(*by),
        gettext("Logged out everywhere."),
    )


def send_member_reset(username: str) -> Response:
    """Send a member a link to reset the password."""
    return _act(
        username,
        Permission.MANAGE_ACCESS,
        lambda services, *by: services.password_reset.send(*by),
        gettext("We've sent a link to reset the password."),
    )


def reset_member_two_factor(username: str) -> Response:
    """Turn off two-factor authentication of a member who has lost it."""
    return _act(
        username,
        Permission.MANAGE_ACCESS,
        _reset_two_factor,
        gettext("Two-factor authentication is off. We've told them by email."),
    )


def _reset_two_factor(services: Services, user_id: UserId, order: Order) -> None:
    if not order.reason.strip():
        says = gettext("Say how you know that it is them.")
        raise InvalidError(says, {"reason": says})
    services.access_recovery.reset_two_factor(user_id, order)
    services.moderation.end_sessions(user_id, order)


def note_member(username: str) -> Response:
    """Add a note about a member for other staff."""
    return _act(
        username,
        Permission.SEE_PEOPLE,
        lambda services, *by: services.members.note(*by),
        gettext("Note added."),
    )


def set_member_role(username: str) -> Response:
    """Give a member another role."""
    role = http.load_form(StaffActForm()).role
    return _act(
        username,
        Permission.CHANGE_ROLES,
        lambda services, user_id, order: services.moderation.set_role(
            user_id, role, order
        ),
        gettext("Role changed."),
    )


ROUTES = (
    Route("GET", "/admin/members", members, page_policy(Permission.SEE_PEOPLE)),
    Route("GET", _PLACE, member, page_policy(Permission.SEE_PEOPLE)),
    Route("GET", f"{_PLACE}/suspend", suspension, page_policy(Permission.LIMIT_PEOPLE)),
    *(
        Route("POST", f"{_PLACE}/{act}", endpoint, form_policy(permission))
        for permission, acts in {
            Permission.SEE_PEOPLE: {"note": note_member},
            Permission.SEE_EMAIL_ADDRESSES: {"email": see_email},
            Permission.CHANGE_ROLES: {"role": set_member_role},
            Permission.LIMIT_PEOPLE: {
                "silence": silence_member,
                "unsilence": unsilence_member,
                "suspend": suspend_member,
                "unsuspend": unsuspend_member,
            },
            Permission.MANAGE_ACCESS: {
                "confirm": confirm_member,
                "end-sessions": end_member_sessions,
                "reset": send_member_reset,
                "reset-2fa": reset_member_two_factor,
            },
        }.items()
        for act, endpoint in acts.items()
    ),
)
