"""Appeals, and undoing what moderators did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import url_for

from kwip.blueprints import http
from kwip.blueprints.staff_access import by_viewer
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import form_policy, page_policy
from kwip.blueprints.web.pages import go, page, way_back
from kwip.domain.accounts.roles import Permission
from kwip.schemas.moderation.queue import AnswerForm
from kwip.services.moderation.execution import reason_of
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response

_MAY_ACT = Permission.ACT_ON_REPORTS


def appeals() -> Response:
    """List the appeals that wait for a decision."""
    services, viewer = http.services(), http.signed_in()
    return page(
        "admin_appeals.html",
        views=services.strikes.appealed(),
        counts=services.queue.counts(viewer),
    )


def approve_appeal(strike_id: int) -> Response:
    """Approve an appeal, which undoes the act."""
    return _decide(strike_id, gettext("The appeal was approved."), approves=True)


def reject_appeal(strike_id: int) -> Response:
    """Reject an appeal."""
    return _decide(strike_id, gettext("The appeal was rejected."), approves=False)


def undo_strike(strike_id: int) -> Response:
    """Undo what a moderator did."""
    back = way_back(url_for("web.reports"))
    http.services().decisions.undo(http.signed_in(), by_viewer(_MAY_ACT), strike_id)
    return go(back, gettext("Undone. The person will get an email."))


def _decide(strike_id: int, message: str, *, approves: bool) -> Response:
    answer = http.load_form(AnswerForm())
    order = by_viewer(_MAY_ACT, reason_of(answer))
    http.services().strikes.decide(
        http.signed_in(), order, strike_id, approves=approves
    )
    return go(url_for("web.appeals"), message)


_STRIKE, _ACT = "/admin/strikes/<id:strike_id>", form_policy(_MAY_ACT)

ROUTES = (
    Route("GET", "/admin/appeals", appeals, page_policy(Permission.SEE_REPORTS)),
    Route("POST", f"{_STRIKE}/approve", approve_appeal, _ACT),
    Route("POST", f"{_STRIKE}/reject", reject_appeal, _ACT),
    Route("POST", f"{_STRIKE}/undo", undo_strike, _ACT),
)
