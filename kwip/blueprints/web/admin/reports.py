"""The moderators' queue: reports, and everything to decide about one on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import Form, go, page, page_again
from kwip.domain.accounts.roles import Permission
from kwip.domain.errors import ConflictError, ForbiddenError, InvalidError
from kwip.domain.moderation.reports import Event, ReportFilter
from kwip.domain.moderation.strikes import Act
from kwip.schemas.moderation.queue import (
    MINE,
    RESOLVED,
    ChangeForm,
    DecisionForm,
    NoteForm,
    QueueQuery,
)
from kwip.services.moderation.execution import reason_of
from kwip.text.translation import gettext, lazy_gettext, ngettext

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.errors import KwipError
    from kwip.domain.moderation.strikes import ReportDetail
    from kwip.schemas.moderation.queue import QueueInput

_MAY_ACT = Permission.ACT_ON_REPORTS
_DONE = {
    Act.DELETE: lazy_gettext("The kwips were deleted."),
    Act.SENSITIVE: lazy_gettext("The kwips were marked as sensitive."),
    Act.WARN: lazy_gettext("The warning was sent."),
    Act.SILENCE: lazy_gettext("The account is limited now."),
    Act.SUSPEND: lazy_gettext("The account is suspended now."),
}
_CHANGED = {
    Event.ASSIGN: lazy_gettext("The report is assigned to you."),
    Event.UNASSIGN: lazy_gettext("The report is no longer assigned."),
    Event.RESOLVE: lazy_gettext("The report is resolved."),
    Event.REOPEN: lazy_gettext("The report is open again."),
}


def reports() -> Response:
    """List reports: open, assigned to the viewer, or resolved; all or one category."""
    asked = http.load_query(QueueQuery())
    queue, viewer = http.services().queue, http.signed_in()
    found = queue.page(viewer, _filter(asked), http.page_request())
    return page(
        "admin_reports.html", asked=asked, page=found, counts=queue.counts(viewer)
    )


def report(report_id: int) -> Response:
    """Show a report with its context, and everything that can be done."""
    detail = http.services().queue.detail(http.signed_in(), report_id)
    return page("admin_report.html", detail=detail, form=Form(), rules=_rules(detail))


def act_on_report(report_id: int) -> Response:
    """Do something to the reported person or kwips."""
    try:
        decision = http.load_form(DecisionForm())
        http.services().decisions.act(
            http.signed_in(),
            by_viewer(_MAY_ACT, reason_of(decision.text)),
            report_id,
            decision,
        )
    except (InvalidError, ConflictError, ForbiddenError) as error:
        return _again(report_id, error)
    return _to(report_id, str(_DONE[decision.act]))


def note_report(report_id: int) -> Response:
    """Add a note that only moderators see."""
    try:
        note = http.load_form(NoteForm())
        order = by_viewer(_MAY_ACT, reason_of(note))
        http.services().queue.note(http.signed_in(), order, report_id, note)
    except InvalidError as error:
        return _again(report_id, error)
    return _to(report_id, gettext("Note added."))


def assign_report(report_id: int) -> Response:
    """Assign a report to the viewer."""
    return _change(report_id, Event.ASSIGN)


def unassign_report(report_id: int) -> Response:
    """Assign a report to nobody."""
    return _change(report_id, Event.UNASSIGN)


def resolve_report(report_id: int) -> Response:
    """Resolve a report without doing anything."""
    return _change(report_id, Event.RESOLVE)


def resolve_other_reports(report_id: int) -> Response:
    """Resolve the other open reports about the same person."""
    count = http.services().queue.resolve_others(
        http.signed_in(), by_viewer(_MAY_ACT), report_id
    )
    message = ngettext("%(num)s report resolved.", "%(num)s reports resolved.", count)
    return _to(report_id, message)


def reopen_report(report_id: int) -> Response:
    """Open a report again."""
    return _change(report_id, Event.REOPEN)


def _change(report_id: int, event: Event) -> Response:
    version = http.load_form(ChangeForm()).version
    try:
        http.services().queue.change(
            http.signed_in(), by_viewer(_MAY_ACT), report_id, event, version
        )
    except ConflictError as error:
        return _again(report_id, error)
    return _to(report_id, str(_CHANGED[event]))


def _again(report_id: int, error: KwipError) -> Response:
    """Show the report as it is now, with what was written and what is wrong."""
    http.begin_loader()
    detail = http.services().queue.detail(http.signed_in(), report_id)
    return page_again("admin_report.html", error, detail=detail, rules=_rules(detail))


def _rules(detail: ReportDetail) -> list[str]:
    """Return the texts of the rules that the reporter says were broken."""
    texts = {rule.id: rule.text for rule in http.services().site.current().rules}
    ids = detail.view.report.rule_ids
    return [texts.get(i, gettext("a rule that was removed")) for i in ids]


def _to(report_id: int, message: str) -> Response:
    return go(url_for("web.report", report_id=report_id), message)


def _filter(asked: QueueInput) -> ReportFilter:
    return ReportFilter(
        is_open=asked.which != RESOLVED,
        category=asked.category,
        assigned_id=http.signed_in().id if asked.which == MINE else None,
    )


_REPORT = "/admin/reports/<id:report_id>"
_SEE, _ACT = page_policy(Permission.SEE_REPORTS), form_policy(_MAY_ACT)

ROUTES = (
    Route("GET", "/admin/reports", reports, _SEE),
    Route("GET", _REPORT, report, _SEE),
    Route("POST", f"{_REPORT}/act", act_on_report, _ACT),
    Route("POST", f"{_REPORT}/note", note_report, _ACT),
    Route("POST", f"{_REPORT}/assign", assign_report, _ACT),
    Route("POST", f"{_REPORT}/unassign", unassign_report, _ACT),
    Route("POST", f"{_REPORT}/resolve", resolve_report, _ACT),
    Route("POST", f"{_REPORT}/resolve_others", resolve_other_reports, _ACT),
    Route("POST", f"{_REPORT}/reopen", reopen_report, _ACT),
)
