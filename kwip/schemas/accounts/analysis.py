"""Figures for staff: what they ask for, and the figures as CSV."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from marshmallow import fields, validate

from kwip.domain.administration.analysis import OFFSETS
from kwip.domain.clock import at, system_clock_ms
from kwip.schemas.body import BodySchema
from kwip.text.dates import hours_ahead
from kwip.text.translation import gettext, lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kwip.domain.administration.analysis import BusyHours, Cohort, Growth

WEEKDAYS = (
    lazy_gettext("Monday"),
    lazy_gettext("Tuesday"),
    lazy_gettext("Wednesday"),
    lazy_gettext("Thursday"),
    lazy_gettext("Friday"),
    lazy_gettext("Saturday"),
    lazy_gettext("Sunday"),
)


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


def growth_csv(growth: Growth) -> str:
    """Write how a site grows."""
    head = [gettext("Week from"), gettext("Joined"), gettext("Members")]
    rows = zip(growth.weeks, growth.joined, growth.members, strict=True)
    return table(head, ([f"{at:%Y-%m-%d}", *more] for at, *more in rows))


def retention_csv(cohorts: Sequence[Cohort]) -> str:
    """Write cohorts: a row for each week of each."""
    head = [
        *(gettext("Joined in the week from"), gettext("Joined"), gettext("Looked at")),
        *(gettext("Weeks later"), gettext("Posted")),
    ]
    return table(
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
    return table(
        head, ([hour, *(day[hour] for day in busy.posts)] for hour in range(24))
    )


def answered_csv(rows: Iterable[tuple[str, str, int]]) -> str:
    """Write kwips: the address, the author and the number of replies."""
    return table([gettext("Kwip"), gettext("Author"), gettext("Replies")], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table as CSV."""
    out = io.StringIO()
    written = csv.writer(out)
    written.writerow(head)
    written.writerows(rows)
    return out.getvalue()
