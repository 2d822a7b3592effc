"""The page with figures over weeks, and each of them as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.admin.shell import page_policy
from kwip.blueprints.web.pages import page
from kwip.domain.accounts.roles import Permission
from kwip.schemas.accounts.analysis import (
    WEEKDAYS,
    OffsetQuery,
    answered_csv,
    growth_csv,
    hours_csv,
    offsets,
    retention_csv,
)
from kwip.schemas.accounts.site_activity import PeriodQuery, activity_csv

if TYPE_CHECKING:
    from kwip.domain.timelines.views import PostView


def analysis() -> Response:
    """Show growth, retention, busy hours and the most answered kwips."""
    offset = http.load_query(OffsetQuery())
    found = http.services().analysis
    return page(
        "admin_analysis.html",
        growth=found.growth(),
        cohorts=found.retention(),
        busy=found.busy_hours(offset),
        answered=_answered(),
        weekdays=WEEKDAYS,
        offsets=offsets(),
    )


def activity_table() -> Response:
    """Return the charts of the first page as CSV."""
    period = http.load_query(PeriodQuery())
    return _csv(activity_csv(http.services().site_activity.read(period)), "activity")


def growth_table() -> Response:
    """Return growth as CSV."""
    return _csv(growth_csv(http.services().analysis.growth()), "growth")


def retention_table() -> Response:
    """Return retention as CSV."""
    return _csv(retention_csv(http.services().analysis.retention()), "retention")


def hours_table() -> Response:
    """Return the busiest hours as CSV."""
    offset = http.load_query(OffsetQuery())
    return _csv(hours_csv(http.services().analysis.busy_hours(offset)), "hours")


def answered_table() -> Response:
    """Return the most answered kwips as CSV."""
    origin = http.site().urls.origin
    rows = (
        (
            f"{origin}/@{view.author.username}/{view.post.id}",
            view.author.username,  # without @: spreadsheets would take it as a formula
            view.post.replies_count,
        )
        for view in _answered()
    )
    return _csv(answered_csv(rows), "answered")


def _answered() -> list[PostView]:
    services = http.services()
    return services.analysis.most_answered(http.signed_in(), http.loader())


def _csv(text: str, name: str) -> Response:
    response = Response(text, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


_PLACE, _PAGE = "/admin/analysis", page_policy(Permission.SEE_DASHBOARD)

ROUTES = (
    Route("GET", _PLACE, analysis, _PAGE),
    Route("GET", f"{_PLACE}/activity.csv", activity_table, _PAGE),
    Route("GET", f"{_PLACE}/growth.csv", growth_table, _PAGE),
    Route("GET", f"{_PLACE}/retention.csv", retention_table, _PAGE),
    Route("GET", f"{_PLACE}/hours.csv", hours_table, _PAGE),
    Route("GET", f"{_PLACE}/answered.csv", answered_table, _PAGE),
)
