"""The figures of somebody's last year, as the page draws them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.accounts.statistics import LastYear

#: Shades of a calendar: none, and four for some kwips to most of them.
SHADES = 4
_WEEK = 7


class CalendarDay(NamedTuple):
    """A day of the calendar: its column (a week) and row (a weekday), and its kwips."""

    column: int
    row: int
    day: dt.date
    kwips: int
    shade: int


def calendar_of(year: LastYear) -> list[CalendarDay]:
    """Return the days of a year in weeks that begin on Monday, oldest first."""
    counts = dict(year.statistics.days)
    most = max(counts.values(), default=0)
    start = dt.date.fromordinal(year.first_day).weekday()
    return [
        CalendarDay(
            *divmod(ordinal - year.first_day + start, _WEEK),
            dt.date.fromordinal(ordinal),
            counts.get(ordinal, 0),
            -(-counts.get(ordinal, 0) * SHADES // most) if most else 0,
        )
        for ordinal in range(year.first_day, year.today + 1)
    ]


def months_of(year: LastYear) -> list[tuple[dt.date, int]]:
    """Return each month of a year by its first day, newest first, with its kwips."""
    counts: dict[dt.date, int] = dict.fromkeys(_months(year), 0)
    for ordinal, count in year.statistics.days:
        counts[dt.date.fromordinal(ordinal).replace(day=1)] += count
    return list(counts.items())[::-1]


def _months(year: LastYear) -> Iterator[dt.date]:
    for ordinal in range(year.first_day, year.today + 1):
        yield dt.date.fromordinal(ordinal).replace(day=1)


def hours_of(year: LastYear) -> list[tuple[str, int]]:
    """Return each hour of the day as clocks show it, with its kwips."""
    return [(f"{hour:02}:00", n) for hour, n in enumerate(year.statistics.hours)]
