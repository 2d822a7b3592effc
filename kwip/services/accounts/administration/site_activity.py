"""How much a site is used and how it did: people, posts, deliveries, cache, storage."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

from kwip.domain.administration.app_figures import MAX_DAYS
from kwip.domain.administration.site_activity import ActivityReport, Figure, Period
from kwip.domain.clock import at, to_ms
from kwip.services.accounts.administration.books import Book

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.domain.administration.site_activity import HourlyFigures
    from kwip.domain.clock import ClockMs
    from kwip.store.accounts.users import UserStore
    from kwip.store.administration.figures import FiguresStore
    from kwip.store.administration.hourly_figures import HourlyFigureStore
    from kwip.store.jobs import JobStore

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
#: The row with the counts of days that are over, which are counted once.
DAYS = "report:days"
#: For how many days people are called active.
ACTIVE_DAYS = (1, 7, 30)
#: What is counted by ids.
_COUNTED = {
    Figure.SIGN_UPS: "users",
    Figure.POSTS: "posts",
    Figure.REPORTS: "reports",
}

#: The parts of each period: how many, and how long each of them is.
_PARTS = {
    Period.DAY: (24, _HOUR_MS),
    Period.WEEK: (7, _DAY_MS),
    Period.MONTH: (30, _DAY_MS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteActivity:
    """Count by the index of ids, which have the time; days that are over only once."""

    users: UserStore
    figures: FiguresStore
    hours: HourlyFigureStore
    jobs: JobStore
    clock: ClockMs

    def read(self, period: Period) -> ActivityReport:
        """Count what a period has: 72 short counts for hours, or 3 for each new day.

        Raises:
            StoreUnavailableError: MongoDB does not answer.
        """
        now_ms = self.clock()
        count, length = _PARTS[period]
        last = now_ms - now_ms % length
        starts = [last - n * length for n in reversed(range(count))]
        counted = self._counts(starts, length, tuple(_COUNTED.values()))
        hours = self.hours.since(at(starts[0]))
        parts: dict[int, list[HourlyFigures]] = defaultdict(list)
        for each in hours:
            began = to_ms(each.hour)
            parts[began - began % length].append(each)
        figures: dict[Figure, list[float | None]] = {
            figure: [measured(parts[start]) for start in starts]
            for figure, measured in _MEASURED.items()
        }
        whole = {figure: measured(hours) for figure, measured in _MEASURED.items()}
        for figure, kind in _COUNTED.items():
            counts = [counted[kind, start] for start in starts]
            figures[figure], whole[figure] = list(counts), sum(counts)
        return ActivityReport(
            starts=[at(start) for start in starts],
            figures=figures,
            whole=whole,
            active={
                days: self.figures.readers_between(
                    at(now_ms - days * _DAY_MS), at(now_ms)
                )
                for days in ACTIVE_DAYS
            },
            people=self.users.count(),
        )

    def by_day(self, kind: str, starts: Sequence[int]) -> list[int]:
        """Count users, posts or reports of days in a row, by when they began."""
        counted = self._counts(starts, _DAY_MS, (kind,))
        return [counted[kind, start] for start in starts]

    def _counts(
        self, starts: Sequence[int], length: int, kinds: Sequence[str]
    ) -> dict[tuple[str, int], int]:
        """Count some kinds in each part; of days, those that are over only once."""
        book = Book(self.jobs, DAYS, self.clock())
        found: dict[tuple[str, int], int] = {}
        for kind, start in product(kinds, starts):
            count = partial(self.figures.made_between, kind, start, start + length)
            if length == _DAY_MS:
                day = f"{kind}:{start // _DAY_MS}"
                found[kind, start] = book.count(day, count, until_ms=start + length)
            else:
                found[kind, start] = count()
        # As far back as anybody asks for at once; older days are counted again.
        oldest = book.now_ms // _DAY_MS - MAX_DAYS
        book.save(keep=lambda day: int(day.split(":")[1]) >= oldest)
        return found


def _share(part: float, whole: int) -> float | None:
    return part / whole if whole else None


def _most(values: Iterable[int | None]) -> int | None:
    return max((value for value in values if value is not None), default=None)


#: What the hours of a part make together; None if they have nothing of it.
_MEASURED: Mapping[Figure, Callable[[Sequence[HourlyFigures]], float | None]] = {
    Figure.ACTIVE: lambda hours: _most(each.active for each in hours),
    Figure.DELIVERIES: lambda hours: (
        sum(each.deliveries for each in hours) if hours else None
    ),
    Figure.LAG: lambda hours: _share(
        sum(each.lag_ms for each in hours) / 1_000,
        sum(each.delivered for each in hours),
    ),
    Figure.HITS: lambda hours: _share(
        sum(each.hits for each in hours), sum(each.lookups for each in hours)
    ),
    Figure.WAITING: lambda hours: _most(each.waiting for each in hours),
    Figure.STORAGE: lambda hours: next(
        (
            each.stored_bytes
            for each in reversed(hours)
            if each.stored_bytes is not None
        ),
        None,
    ),
}
