"""Figures about the use of a site over weeks, for its staff.

What is over is counted once and stored, so that a look costs a few short queries. All
of them have bounds, use indexes, and are answered by secondaries where there are any.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from kwip.domain.administration.analysis import (
    GROWTH_WEEKS,
    MAX_ANSWERED,
    MAX_COMPARED,
    MAX_SAMPLE,
    WEEKS,
    BusyHours,
    Cohort,
    Growth,
)
from kwip.domain.clock import at
from kwip.services.accounts.administration.books import Book

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.accounts.users import UserStore
    from kwip.store.administration.figures import FiguresStore
    from kwip.store.jobs import JobStore

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
_WEEK_MS = 7 * _DAY_MS
#: The first Monday after the beginning of 1970.
_MONDAY_MS = 4 * _DAY_MS
#: Weeks whose hours are counted, how many of them in one look, and posts of one hour.
_HOUR_WEEKS, _HOURS_AT_ONCE, _MOST_OF_HOUR = 4, 168, 50_000
#: The rows with what was counted.
COHORTS, HOURS, JOINED = "report:cohorts", "report:hours", "report:joined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Work out figures; nothing else reads or changes what it stores."""

    store: FiguresStore
    users: UserStore
    jobs: JobStore
    hydration: Hydration
    clock: ClockMs

    def retention(self) -> list[Cohort]:
        """Return who joined in each of the last weeks and posted later, oldest first.

        Up to three queries for each week, and two for each pair of weeks that was not
        counted when both were over.
        """
        starts = _weeks(self.clock(), WEEKS)
        return self.cohorts(COHORTS, [*starts, starts[-1] + _WEEK_MS])

    def cohorts(self, name: str, bounds: Sequence[int]) -> list[Cohort]:
        """Return who joined in each part of a time and posted later, oldest first.

        `bounds` is when each part begins, and when the last one ends. What is counted
        is kept in the row `name`, as far as it is not older than the first part.
        """
        book, parts = Book(self.jobs, name, self.clock()), list(pairwise(bounds))
        cohorts = [self._cohort(book, parts[n:]) for n in range(len(parts))]
        book.save(keep=lambda key: int(key.split(":")[1]) >= bounds[0])
        return cohorts

    def _cohort(self, book: Book, parts: Sequence[tuple[int, int]]) -> Cohort:
        """Look at who joined in the first of some parts."""
        start, end = parts[0]
        joined = book.count(
            f"joined:{start}",
            partial(self.store.made_between, "users", start, end),
            until_ms=end,
        )
        people = self.store.joined_between(start, end, MAX_SAMPLE) if joined else []
        active = tuple(
            book.count(
                f"active:{start}:{begin}",
                partial(self.store.authors_between, people, begin, until),
                until_ms=until,
            )
            for begin, until in parts
        )
        return Cohort(
            begins_at=at(start), joined=joined, sampled=len(people), active=active
        )

    def busy_hours(self, offset: int) -> BusyHours:
        """Count posts by weekday and hour of the last four weeks, `offset` from UTC.

        An hour is counted once, and `_HOURS_AT_ONCE` in a look: one short query each.
        """
        book = Book(self.jobs, HOURS, self.clock())
        last = book.settled_ms - book.settled_ms % _HOUR_MS
        hours = [last - n * _HOUR_MS for n in range(1, _HOUR_WEEKS * 168 + 1)]
        unknown = [hour for hour in hours if not book.knows(f"hour:{hour}")]
        for hour in unknown[:_HOURS_AT_ONCE]:
            book.count(
                f"hour:{hour}",
                partial(
                    self.store.made_between,
                    "posts",
                    hour,
                    hour + _HOUR_MS,
                    most=_MOST_OF_HOUR,
                ),
                until_ms=hour + _HOUR_MS,
            )
        book.save(keep=lambda key: int(key.split(":")[1]) >= hours[-1])
        table = [[0] * 24 for _ in range(7)]
        for hour in hours:
            local = hour + offset * _HOUR_MS - _MONDAY_MS
            table[local // _DAY_MS % 7][local // _HOUR_MS % 24] += book.known(
                f"hour:{hour}"
            )
        return BusyHours(
            offset=offset,
            posts=tuple(map(tuple, table)),
            counted=len(hours) - max(0, len(unknown) - _HOURS_AT_ONCE),
            wanted=len(hours),
        )

    def growth(self) -> Growth:
        """Count people who joined in each week; a query for each not counted yet."""
        now = self.clock()
        starts = _weeks(now, GROWTH_WEEKS)
        book = Book(self.jobs, JOINED, now)
        joined = [
            book.count(
                f"joined:{start}",
                partial(self.store.made_between, "users", start, start + _WEEK_MS),
                until_ms=start + _WEEK_MS,
            )
            for start in starts
        ]
        book.save(keep=lambda key: int(key.split(":")[1]) >= starts[0])
        total = self.users.count()
        members = [max(0, total - sum(joined[n + 1 :])) for n in range(len(joined))]
        return Growth(weeks=[at(s) for s in starts], joined=joined, members=members)

    def most_answered(self, viewer: Viewer, loader: Loader) -> list[PostView]:
        """Return the public posts of the last seven days with the most replies.

        Only among the newest `MAX_COMPARED`; one query, and those that hydrate them.
        """
        since = self.clock() - _WEEK_MS
        found = self.store.most_answered(since, MAX_COMPARED, MAX_ANSWERED)
        views = self.hydration.posts(viewer, loader, [entry for entry, _ in found])
        return [views[e.post_id] for e, _ in found if e.post_id in views]


def _weeks(now_ms: int, count: int) -> list[int]:
    """Return when the last weeks began, Mondays in UTC; the current one is the last."""
    this = now_ms - (now_ms - _MONDAY_MS) % _WEEK_MS
    return [this - n * _WEEK_MS for n in reversed(range(count))]
