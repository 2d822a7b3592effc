"""Figures about the use of a site, over weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

#: Weeks of each analysis, and of growth.
WEEKS, GROWTH_WEEKS = 8, 26
#: People of a week whose activity is looked at, at most.
MAX_SAMPLE = 400
#: Answered kwips that are shown, and how many posts are compared.
MAX_ANSWERED, MAX_COMPARED = 10, 5_000
#: The time zones that there are, in hours from UTC.
OFFSETS = range(-12, 15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """People who joined in a week, and how many of them posted in each week from then.

    Of a large week, only the first `sampled` people are looked at; `joined` counts all.
    """

    begins_at: dt.datetime
    joined: int
    sampled: int
    active: tuple[int, ...]

    def share(self, week: int) -> float:
        """Return the part of the sampled people who posted in a week, 0 to 1."""
        return self.active[week] / self.sampled if self.sampled else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyHours:
    """Posts by weekday (Monday first) and hour of the day, in one time zone.

    `counted` hours of `wanted` ones are counted by now.
    """

    offset: int
    posts: tuple[tuple[int, ...], ...]
    counted: int
    wanted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """How many people there were at the end of each week, the oldest first."""

    weeks: Sequence[dt.datetime]
    joined: Sequence[int]
    members: Sequence[int]
