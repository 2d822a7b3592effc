"""Figures for tools of moderators, from what the pages for staff count.

A day that is over is counted once. What Kwip does not count is left out.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from kwip.domain.administration.analysis import MAX_COMPARED
from kwip.domain.administration.app_figures import (
    MAX_DAYS,
    MAX_PARTS,
    Dimension,
    Measure,
)
from kwip.domain.clock import at, to_ms

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from kwip.domain.administration.analysis import Cohort
    from kwip.domain.administration.app_figures import Span
    from kwip.domain.clock import ClockMs
    from kwip.services.accounts.administration.analysis import Analysis
    from kwip.services.accounts.administration.site_activity import SiteActivity
    from kwip.store.administration.figures import FiguresStore

_DAY_MS = 24 * 3_600_000
#: Posts without a language.
_UNKNOWN = "und"


@dataclass(frozen=True, slots=True, kw_only=True)
class AppFigures:
    """Answer with measures, dimensions and retention; nothing else is read for them."""

    store: FiguresStore
    activity: SiteActivity
    analysis: Analysis
    clock: ClockMs

    def measures(self, keys: Collection[str], span: Span) -> list[Measure]:
        """Count what is asked for on each day: up to `MAX_DAYS` short counts for each.

        `active_users` counts people on the day on which they last read home.
        """
        days = span.until(self._today(), MAX_DAYS)
        if not days:
            return []
        count: Mapping[str, Callable[[], Measure]] = {
            "active_users": lambda: self._sum(
                "active_users", days, self.store.readers_between
            ),
            "new_users": lambda: self._made("new_users", "users", days),
            "opened_reports": lambda: self._made("opened_reports", "reports", days),
            "resolved_reports": lambda: self._sum(
                "resolved_reports", days, self.store.resolved_between
            ),
        }
        return [count[key]() for key in keys if key in count]

    def dimensions(
        self, keys: Collection[str], span: Span, limit: int
    ) -> list[Dimension]:
        """Return the languages and sources of most posts; one query.

        Looks at the newest `MAX_COMPARED` public posts of the span.
        """
        days = span.until(self._today(), MAX_DAYS)
        wanted = [key for key in keys if key in {"languages", "sources"}]
        if not days or not wanted:
            return []
        start, end = _begin(days[0]), _begin(days[-1]) + _DAY_MS
        found = self.store.made_with(start, end, MAX_COMPARED)
        columns = {
            "languages": Counter(language or _UNKNOWN for language, _ in found),
            "sources": Counter(source for _, source in found),
        }
        return [
            Dimension(key=key, counts=columns[key].most_common(limit)) for key in wanted
        ]

    def retention(self, span: Span, *, is_monthly: bool) -> list[Cohort]:
        """Return who joined in each part of a span and posted later, oldest first.

        The last `MAX_PARTS` of them. Costs what `Analysis.retention` costs.
        """
        days = span.until(self._today(), MAX_PARTS * 31)
        starts = sorted({day.replace(day=1) if is_monthly else day for day in days})
        if not starts:
            return []
        step = dt.timedelta(days=31 if is_monthly else 1)
        end = starts[-1] + step
        bounds = [*starts[-MAX_PARTS:], end.replace(day=1) if is_monthly else end]
        name = "months" if is_monthly else "days"
        row = f"report:cohorts:{name}"
        return self.analysis.cohorts(row, list(map(_begin, bounds)))

    def _made(self, key: str, kind: str, days: Sequence[dt.date]) -> Measure:
        counts = self.activity.by_day(kind, list(map(_begin, days)))
        start = _begin(days[0])
        before = self.store.made_between(kind, start - len(days) * _DAY_MS, start)
        return Measure(
            key=key,
            total=sum(counts),
            before=before,
            days=list(zip(days, counts, strict=True)),
        )

    def _sum(
        self, key: str, days: Sequence[dt.date], count: Callable[..., int]
    ) -> Measure:
        bounds = [*map(at, map(_begin, days)), at(_begin(days[-1]) + _DAY_MS)]
        counts = [count(*each) for each in pairwise(bounds)]
        return Measure(
            key=key,
            total=sum(counts),
            before=None,
            days=list(zip(days, counts, strict=True)),
        )

    def _today(self) -> dt.date:
        return at(self.clock()).date()


def _begin(day: dt.date) -> int:
    return to_ms(dt.datetime.combine(day, dt.time(), dt.UTC))
