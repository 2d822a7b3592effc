"""Somebody's archive by year, month and day, and their statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.blueprints import http
from kwip.blueprints.table import Route
from kwip.blueprints.web.pages import CACHED_OPEN, page
from kwip.domain.errors import NotFoundError
from kwip.domain.social.keyword_filters import FilterContext
from kwip.domain.timelines.periods import Period
from kwip.schemas.discovery.statistics import calendar_of, hours_of, months_of
from kwip.schemas.pages import OwnPageQuery
from kwip.text.translation import gettext

if TYPE_CHECKING:
    from flask import Response


def archive_year(username: str, year: int) -> Response:
    """Show what somebody published in a year, and how much in each month."""
    return _archive(username, Period.find(year))


def archive_month(username: str, year: int, month: int) -> Response:
    """Show what somebody published in a month, and how much on each day."""
    return _archive(username, Period.find(year, month))


def archive_day(username: str, year: int, month: int, day: int) -> Response:
    """Show what somebody published on a day."""
    return _archive(username, Period.find(year, month, day))


def _archive(username: str, period: Period | None) -> Response:
    if period is None:
        raise NotFoundError(gettext("Page not found."))
    asked = http.load_query(OwnPageQuery(FilterContext.ACCOUNT, folds_repeats=False))
    found = http.services().statistics.archive(
        http.viewer(), http.loader(), username, period, asked
    )
    return page("user_archive.html", archive=found, user=found.user, page=found.page)


def statistics(username: str) -> Response:
    """Show how much somebody published in the last year, and what came back."""
    found = http.services().statistics.last_year(http.viewer(), http.loader(), username)
    return page(
        "user_statistics.html",
        user=found.user,
        found=found.statistics,
        calendar=calendar_of(found),
        months=months_of(found),
        hours=hours_of(found),
    )


_YEAR = "/@<name:username>/<year:year>"

ROUTES = (
    Route("GET", "/@<name:username>/stats", statistics, CACHED_OPEN),
    Route("GET", _YEAR, archive_year, CACHED_OPEN),
    Route("GET", f"{_YEAR}/<part:month>", archive_month, CACHED_OPEN),
    Route("GET", f"{_YEAR}/<part:month>/<part:day>", archive_day, CACHED_OPEN),
)
