"""Mastodon's admin API, for tools of moderators: reports, and acts on accounts.

A token needs the scope, and its owner's role the permission.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kwip.blueprints import http
from kwip.blueprints.api import policies
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.domain.accounts.roles import Permission, may
from kwip.domain.errors import InvalidError
from kwip.domain.ids import UserId
from kwip.domain.moderation.reports import Event
from kwip.domain.moderation.strikes import Act
from kwip.domain.timelines.pages import Page
from kwip.schemas.moderation.admin import (
    ActionBody,
    AdminAccountSchema,
    AdminAccountsQuery,
    AdminAccountsV2Query,
    AdminReportSchema,
    PendingAccountSchema,
    ReportChangeBody,
    ReportsQuery,
)
from kwip.services.moderation.execution import reason_of
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.accounts.members import MemberQuery
    from kwip.domain.timelines.pages import PageRequest

_MAY_ACT = Permission.ACT_ON_REPORTS


def admin_reports() -> Response:
    """List reports; open ones, unless `resolved`."""
    queue = http.services().queue
    found = queue.page(
        http.signed_in(), http.load_query(ReportsQuery()), http.page_request()
    )
    items = tuple(queue.for_app(found.items))
    return http.answer_page(AdminReportSchema, replace(found, items=items))


def admin_report(report_id: int) -> Response:
    """Return a report."""
    return _answer(report_id)


def change_admin_report(report_id: int) -> Response:
    """Change the category of a report, and which rules were broken."""
    category, rules = http.load_body(ReportChangeBody())
    http.services().queue.edit(
        http.signed_in(), by_viewer(_MAY_ACT), report_id, category, rules
    )
    return _answer(report_id)


def assign_admin_report(report_id: int) -> Response:
    """Assign a report to the viewer."""
    return _change(report_id, Event.ASSIGN)


def unassign_admin_report(report_id: int) -> Response:
    """Assign a report to nobody."""
    return _change(report_id, Event.UNASSIGN)


def resolve_admin_report(report_id: int) -> Response:
    """Resolve a report."""
    return _change(report_id, Event.RESOLVE)


def reopen_admin_report(report_id: int) -> Response:
    """Open a report again."""
    return _change(report_id, Event.REOPEN)


def admin_accounts() -> Response:
    """List accounts, the newest first; by state, role, name and email address."""
    return _answer_accounts(http.load_query(AdminAccountsQuery()))


def admin_accounts_v2() -> Response:
    """List accounts as `v1` does, with the newer names of the filters."""
    return _answer_accounts(http.load_query(AdminAccountsV2Query()))


def admin_account(user_id: UserId) -> Response:
    """Return an account."""
    return _answer_account(user_id)


def act_on_admin_account(user_id: UserId) -> Response:
    """Warn, silence or suspend an account, for a report if one is named."""
    action = http.load_body(ActionBody())
    order = by_viewer(_MAY_ACT, reason_of(action.decision.text))
    services, viewer = http.services(), http.signed_in()
    if action.report_id is None:
        services.decisions.act_on(viewer, order, user_id, action.decision)
    else:
        _require_about(user_id, action.report_id)
        services.decisions.act(viewer, order, action.report_id, action.decision)
    return http.answer({})


def unsilence_admin_account(user_id: UserId) -> Response:
    """End a silence."""
    return _lift(user_id, Act.SILENCE)


def unsuspend_admin_account(user_id: UserId) -> Response:
    """End a suspension."""
    return _lift(user_id, Act.SUSPEND)


def enable_admin_account(user_id: UserId) -> Response:
    """Return the account: none is disabled here without being suspended."""
    return _answer_account(user_id)


def unsensitive_admin_account(user_id: UserId) -> Response:
    """Return the account: here single statuses are marked as sensitive."""
    return _answer_account(user_id)


def _require_about(user_id: UserId, report_id: int) -> None:
    """Check that a report is about the account that is to be acted on.

    Raises:
        InvalidError: It is about another one.
    """
    if (
        http.services().queue.get(http.signed_in(), report_id).report.target_id
        != user_id
    ):
        message = gettext("This report is about another account.")
        raise InvalidError(message, {"report_id": message})


def _change(report_id: int, event: Event) -> Response:
    http.services().queue.change(
        http.signed_in(), by_viewer(_MAY_ACT), report_id, event
    )
    return _answer(report_id)


def _lift(user_id: UserId, act: Act) -> Response:
    http.services().limits.lift(http.signed_in(), by_viewer(_MAY_ACT), user_id, act)
    return _answer_account(user_id)


def _answer(report_id: int) -> Response:
    queue = http.services().queue
    [view] = queue.for_app([queue.get(http.signed_in(), report_id)])
    return http.answer_dumped(AdminReportSchema, view)


def _beyond(page: PageRequest) -> dict[str, Any]:
    """Return where a page of accounts begins: only older ones can be asked for."""
    beyond = None if page.max_id is None else UserId(page.max_id)
    return {"beyond": beyond, "limit": page.limit}


def approve_admin_account(user_id: UserId) -> Response:
    """Approve a request to join; return the new account."""
    order = by_viewer(Permission.REVIEW_SIGN_UPS)
    user = http.services().applications.approve(user_id, order)
    return http.answer_dumped(AdminAccountSchema, user)


def reject_admin_account(user_id: UserId) -> Response:
    """Decline a request to join; return it."""
    order = by_viewer(Permission.REVIEW_SIGN_UPS)
    application = http.services().applications.get(user_id)
    http.services().applications.reject(user_id, order)
    return http.answer_dumped(PendingAccountSchema, application)


def _answer_accounts(asked: MemberQuery | None) -> Response:
    if asked is None:
        waiting = http.services().applications.waiting()
        return http.answer_list(PendingAccountSchema, waiting)
    wanted = replace(asked, **_beyond(http.page_request()))
    services, viewer = http.services(), http.signed_in()
    role = services.staff.role(viewer, http.loader())
    by_address = may(role, Permission.SEE_EMAIL_ADDRESSES)
    found = services.members.page(wanted, by_address=by_address, reader=viewer)
    items = Page(items=tuple(found.users), next_max_id=found.next_id)
    return http.answer_page(AdminAccountSchema, items)


def _answer_account(user_id: UserId) -> Response:
    user = http.services().decisions.person(user_id)
    return http.answer_dumped(AdminAccountSchema, user)


_READ = replace(
    policies.READ,
    scope="admin:read",
    cache="never",
    permission=Permission.SEE_REPORTS,
)
_WRITE = replace(
    policies.write("api"), scope="admin:write", permission=Permission.ACT_ON_REPORTS
)
_SEE = replace(_READ, permission=Permission.SEE_PEOPLE)
_LIMIT = replace(_WRITE, permission=Permission.LIMIT_PEOPLE)
_REVIEW = replace(_WRITE, permission=Permission.REVIEW_SIGN_UPS)
_REPORTS, _REPORT = "/api/v1/admin/reports", "/api/v1/admin/reports/<id:report_id>"
_ACCOUNT = "/api/v1/admin/accounts/<id:user_id>"

ROUTES = (
    Route("GET", _REPORTS, admin_reports, _READ),
    Route("GET", _REPORT, admin_report, _READ),
    Route("PUT", _REPORT, change_admin_report, _WRITE),
    Route("POST", f"{_REPORT}/assign_to_self", assign_admin_report, _WRITE),
    Route("POST", f"{_REPORT}/unassign", unassign_admin_report, _WRITE),
    Route("POST", f"{_REPORT}/resolve", resolve_admin_report, _WRITE),
    Route("POST", f"{_REPORT}/reopen", reopen_admin_report, _WRITE),
    Route("GET", "/api/v1/admin/accounts", admin_accounts, _SEE),
    Route("GET", "/api/v2/admin/accounts", admin_accounts_v2, _SEE),
    Route("GET", _ACCOUNT, admin_account, _SEE),
    Route("POST", f"{_ACCOUNT}/action", act_on_admin_account, _LIMIT),
    Route("POST", f"{_ACCOUNT}/approve", approve_admin_account, _REVIEW),
    Route("POST", f"{_ACCOUNT}/reject", reject_admin_account, _REVIEW),
    Route("POST", f"{_ACCOUNT}/unsilence", unsilence_admin_account, _LIMIT),
    Route("POST", f"{_ACCOUNT}/unsuspend", unsuspend_admin_account, _LIMIT),
    Route("POST", f"{_ACCOUNT}/enable", enable_admin_account, _LIMIT),
    Route("POST", f"{_ACCOUNT}/unsensitive", unsensitive_admin_account, _LIMIT),
)
