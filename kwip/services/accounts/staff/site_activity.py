"""How much a site is used: who was there, who signed up, and how much they wrote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

from kwip.domain.accounts.site_activity import ActivityReport, Period
from kwip.domain.administration.app_figures import MAX_DAYS
from kwip.domain.clock import at
from kwip.store.jobs import Job
from kwip.store.maintenance.traffic import active_since, made_between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.clock import ClockMs
    from kwip.store.accounts.users import UserStore
    from kwip.store.client import Store
    from kwip.store.jobs import JobStore

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
#: The row with the counts of days that are over, which are counted once.
DAYS = "report:days"
#: For how many days people are called active.
ACTIVE_DAYS = (1, 7, 30)
_COUNTED = ("users", "posts")


#: The parts of each period: how many, and how long each of them is.
_PARTS = {
    Period.DAY: (24, _HOUR_MS),
    Period.WEEK: (7, _DAY_MS),
    Period.MONTH: (30, _DAY_MS),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteActivity:
    """Count by the index of ids, which have the time; days that are over only once."""

    store: Store
    users: UserStore
    jobs: JobStore
    clock: ClockMs

    def read(self, period: Period) -> ActivityReport:
        """Count what a period has: up to 48 short counts, or a few for days.

        Raises:
            StoreUnavailableError: MongoDB does not answer.
        """
        now_ms = self.clock()
        count, length = _PARTS[period]
        last = now_ms - now_ms % length
        starts = [last - n * length for n in reversed(range(count))]
        counted = self._counts(starts, length)
        return ActivityReport(
            starts=[at(start) for start in starts],
            sign_ups=[counted["users", start] for start in starts],
            posts=[counted["posts", start] for start in starts],
            active={
                days: active_since(self.store, at(now_ms - days * _DAY_MS))
                for days in ACTIVE_DAYS
            },
            people=self.users.count(),
        )

    def by_day(self, kind: str, starts: Sequence[int]) -> list[int]:
        """Count users, posts or reports of days in a row, by when they began."""
        counted = self._counts(starts, _DAY_MS, (kind,))
        return [counted[kind, start] for start in starts]

    def made(self, kind: str, start_ms: int, end_ms: int) -> int:
        """Count users, posts or reports of a span of time."""
        return made_between(self.store, kind, start_ms, end_ms)

    def _counts(
        self, starts: Sequence[int], length: int, kinds: Sequence[str] = _COUNTED
    ) -> dict[tuple[str, int], int]:
        """Count some kinds in each part, and store what days had that are over."""
        now, is_of_days = at(self.clock()), length == _DAY_MS
        row = self.jobs.find(DAYS) or Job.begun(DAYS, now)
        known = dict(row.counts) if is_of_days else {}
        found: dict[tuple[str, int], int] = {}
        over: dict[str, int] = {}
        for kind, start in product(kinds, starts):
            day = f"{kind}:{start // _DAY_MS}"
            count = None if start == starts[-1] else known.get(day)
            if count is None:
                count = made_between(self.store, kind, start, start + length)
            found[kind, start] = count
            if is_of_days and start != starts[-1]:
                over[day] = count
        if not over.items() <= known.items():
            # As far back as anybody asks for at once; older days are counted again.
            oldest = self.clock() // _DAY_MS - MAX_DAYS
            both = known | over
            kept = {d: n for d, n in both.items() if int(d.split(":")[1]) >= oldest}
            if kept != known:
                self.jobs.save(replace(row, counts=kept, updated_at=now))
        return found
