"""The first page for staff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import page_policy
from kwip.blueprints.web.pages import page
from kwip.domain.accounts.roles import Permission
from kwip.schemas.accounts.site_activity import PeriodQuery, charts

if TYPE_CHECKING:
    from flask import Response


def admin() -> Response:
    """Show how much the site is used, and what the viewer may open."""
    period = http.load_query(PeriodQuery())
    activity = http.services().site_activity.read(period)
    return page(
        "admin_overview.html",
        activity=activity,
        charts=charts(activity),
        period=period,
    )


ROUTES = (Route("GET", "/admin", admin, page_policy(Permission.SEE_DASHBOARD)),)
