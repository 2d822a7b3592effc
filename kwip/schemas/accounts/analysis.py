"""Figures for staff: what they ask for, and the figures as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.domain.accounts.site_activity import Figure
from kwip.domain.administration.analysis import OFFSETS
from kwip.domain.clock import at, system_clock_ms
from kwip.schemas.body import BodySchema
from kwip.text.dates import file_size, hours_ahead, number
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from kwip.domain.accounts.site_activity import ActivityReport
    from kwip.domain.administration.analysis import BusyHours, Cohort, Growth
    from kwip.domain.messages import Message

WEEKDAYS = (
    lazy_gettext("Monday"),
    lazy_gettext("Tuesday"),
    lazy_gettext("Wednesday"),
    lazy_gettext("Thursday"),
    lazy_gettext("Friday"),
    lazy_gettext("Saturday"),
    lazy_gettext("Sunday"),
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a figure is called and written."""

    label: Message
    about: Message | str = ""
    written: Callable[[float], str] = number
    #: What the column of plain numbers is called, if not like the chart.
    column: Message | str = ""
    plain: Callable[[float], str] = "{:.0f}".format


_SHAPES = {
    Figure.ACTIVE: _Shape(
        lazy_gettext("Active people"), lazy_gettext("most within 24 hours")
    ),
    Figure.SIGN_UPS: _Shape(lazy_gettext("Sign-ups")),
    Figure.POSTS: _Shape(lazy_gettext("Kwips")),
    Figure.REPORTS: _Shape(lazy_gettext("Reports")),
    Figure.DELIVERIES: _Shape(
        lazy_gettext("Deliveries"), lazy_gettext("kwips added to home timelines")
    ),
    Figure.LAG: _Shape(
        lazy_gettext("Delivery time"),
        lazy_gettext("average until a kwip is in all home timelines"),
        lambda seconds: gettext("%(seconds)s s", seconds=number(seconds, 2)),
        lazy_gettext("Delivery time (s)"),
        "{:.3f}".format,
    ),
    Figure.HITS: _Shape(
        lazy_gettext("Cache hits"),
        lazy_gettext("share of reads that the cache answered"),
        lambda share: gettext("%(number)s%%", number=number(100 * share, 1)),
        lazy_gettext("Cache hits (%)"),
        lambda share: f"{100 * share:.1f}",
    ),
    Figure.WAITING: _Shape(lazy_gettext("Waiting jobs"), lazy_gettext("most at once")),
    Figure.STORAGE: _Shape(
        lazy_gettext("Storage"),
        lazy_gettext("database and uploads"),
        file_size,
        lazy_gettext("Storage (bytes)"),
    ),
}


class OffsetQuery(BodySchema[int]):
    """A time zone in whole hours from UTC: the reader's, or another one."""

    offset = fields.Integer(
        load_default=lambda: hours_ahead(at(system_clock_ms())),
        validate=validate.OneOf(OFFSETS, error=lazy_gettext("Choose a time zone.")),
        error_messages={"invalid": lazy_gettext("Choose a time zone.")},
    )

    def make(self, *, offset: int) -> int:
        """Return it."""
        return offset


def offsets() -> list[tuple[int, str]]:
    """Return the time zones with their names."""
    return [(n, f"UTC{n:+d}" if n else "UTC") for n in OFFSETS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A figure of a period, in words.

    Attributes:
        whole: The figure of the whole period; empty if nothing was measured.
        values: The height of each bar; nothing measured is 0.
        cells: Each value with its unit; a dash if nothing was measured.
    """

    label: str
    about: str
    whole: str
    values: list[float]
    cells: list[str]


def charts(report: ActivityReport) -> list[Chart]:
    """Write all figures of a report, in the order of the page."""
    return [
        Chart(
            label=str(shape.label),
            about=str(shape.about),
            whole=_cell(shape, report.whole[figure], ""),
            values=[value or 0 for value in report.figures[figure]],
            cells=[_cell(shape, value, "–") for value in report.figures[figure]],  # noqa: RUF001 -- a dash
        )
        for figure, shape in _SHAPES.items()
    ]


def activity_csv(report: ActivityReport) -> str:
    """Write the charts of the first page, with plain numbers."""
    head = [
        gettext("From (UTC)"),
        *(str(s.column or s.label) for s in _SHAPES.values()),
    ]
    columns = [
        [shape.plain(value) if value is not None else "" for value in report.figures[f]]
        for f, shape in _SHAPES.items()
    ]
    rows = zip(report.starts, *columns, strict=True)
    return _table(head, ([f"{at:%Y-%m-%dT%H:%MZ}", *more] for at, *more in rows))


def growth_csv(growth: Growth) -> str:
    """Write how a site grows."""
    head = [gettext("Week from"), gettext("Joined"), gettext("Members")]
    rows = zip(growth.weeks, growth.joined, growth.members, strict=True)
    return _table(head, ([f"{at:%Y-%m-%d}", *more] for at, *more in rows))


def retention_csv(cohorts: Sequence[Cohort]) -> str:
    """Write cohorts: a row for each week of each."""
    head = [
        *(gettext("Joined in the week from"), gettext("Joined"), gettext("Looked at")),
        *(gettext("Weeks later"), gettext("Posted")),
    ]
    return _table(
        head,
        (
            [f"{each.begins_at:%Y-%m-%d}", each.joined, each.sampled, week, active]
            for each in cohorts
            for week, active in enumerate(each.active)
        ),
    )


def hours_csv(busy: BusyHours) -> str:
    """Write the busiest hours: a row for each hour, a column for each weekday."""
    head = [gettext("Hour"), *map(str, WEEKDAYS)]
    return _table(
        head, ([hour, *(day[hour] for day in busy.posts)] for hour in range(24))
    )


def answered_csv(rows: Iterable[tuple[str, str, int]]) -> str:
    """Write kwips: the address, the author and the number of replies."""
    return _table([gettext("Kwip"), gettext("Author"), gettext("Replies")], rows)


def _cell(shape: _Shape, value: float | None, missing: str) -> str:
    return missing if value is None else shape.written(value)


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow(head)
    written.writerows(rows)
    return out.getvalue()
