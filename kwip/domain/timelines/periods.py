"""Periods of an archive: a year, a month or a day, in UTC.

Ids carry the time, so a period is a range of ids, and its address means the same posts
to everybody, wherever they are.
"""

from __future__ import annotations

import calendar
import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.accounts.statistics import first_id_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.timelines.pages import PageRequest

MONTHS, LAST_YEAR = 12, 9_998


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A year, one of its months, or one of that month's days; 0 is none."""

    year: int
    month: int = 0
    day: int = 0

    @classmethod
    def find(cls, year: int, month: int = 0, day: int = 0) -> Period | None:
        """Return a period of the calendar; None if there is no such one."""
        if not dt.MINYEAR < year <= LAST_YEAR or month > MONTHS:
            return None
        if day and not 0 < day <= calendar.monthrange(year, month)[1]:
            return None
        return cls(year, month, day)

    @property
    def first_day(self) -> dt.date:
        """The day it begins with."""
        return dt.date(self.year, self.month or 1, self.day or 1)

    @property
    def last_day(self) -> dt.date:
        """The day it ends with."""
        month = self.month or MONTHS
        day = self.day or calendar.monthrange(self.year, month)[1]
        return dt.date(self.year, month, day)

    @property
    def days_of_year(self) -> tuple[int, int]:
        """The first day of its year, and the first of the next, as ordinals."""
        year = Period(self.year)
        return year.first_day.toordinal(), year.last_day.toordinal() + 1

    @property
    def wider(self) -> Period | None:
        """The month of a day, or the year of a month."""
        if self.day:
            return Period(self.year, self.month)
        return Period(self.year) if self.month else None

    def neighbours(self, days: Mapping[int, int]) -> tuple[Period, Period]:
        """Return the periods before and after it, of its own kind.

        Within its year, these are the nearest ones that have posts, as `days` (ordinals
        with counts) say; beyond, they are years.
        """
        before, after = Period(self.year - 1), Period(self.year + 1)
        if self.month:
            first, last = self.first_day.toordinal(), self.last_day.toordinal()
            earlier = max((day for day in days if day < first), default=None)
            later = min((day for day in days if day > last), default=None)
            before = before if earlier is None else self._like(earlier)
            after = after if later is None else self._like(later)
        return before, after

    def parts(self, days: Mapping[int, int]) -> list[tuple[Period, int]]:
        """Return its months or days in order, each with the number of its posts."""
        if self.day:
            return []
        counts = dict.fromkeys(self._parts(), 0)
        for day, count in days.items():
            part = self._part_of(dt.date.fromordinal(day))
            if part in counts:
                counts[part] += count
        return list(counts.items())

    def count(self, days: Mapping[int, int]) -> int:
        """Return how many posts it has, as `days` say."""
        first, last = self.first_day.toordinal(), self.last_day.toordinal()
        return sum(count for day, count in days.items() if first <= day <= last)

    def bound(self, asked: PageRequest) -> PageRequest:
        """Limit a page of a timeline to it."""
        above = first_id_of(self.first_day.toordinal()) - 1
        below = first_id_of(self.last_day.toordinal() + 1)
        return replace(
            asked,
            max_id=min(asked.upper, below),
            since_id=max(asked.since_id or 0, above),
            min_id=None if asked.min_id is None else max(asked.min_id, above),
            is_active=False,
        )

    def _parts(self) -> list[Period]:
        if self.month:
            days = range(1, self.last_day.day + 1)
            return [Period(self.year, self.month, day) for day in days]
        return [Period(self.year, month) for month in range(1, MONTHS + 1)]

    def _part_of(self, day: dt.date) -> Period:
        part = Period(day.year, day.month)
        return replace(part, day=day.day) if self.month else part

    def _like(self, ordinal: int) -> Period:
        day = dt.date.fromordinal(ordinal)
        return Period(day.year, day.month, day.day if self.day else 0)
