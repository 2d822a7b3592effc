"""Figures about the use of a site, as tools of moderators ask for them: by the day."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The most days of one answer, and the most parts of retention.
MAX_DAYS, MAX_PARTS = 92, 12
#: The days of an answer for who names none.
DEFAULT_DAYS = 30
_DAY = dt.timedelta(days=1)
#: Before any site.
_NEVER = dt.date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in UTC, from the first to the last; by default the last 30."""

    first: dt.date | None
    last: dt.date | None

    def until(self, today: dt.date, most: int) -> list[dt.date]:
        """Return its days that are not in the future, the last `most` of them."""
        last = min(self.last or today, today)
        wanted = DEFAULT_DAYS if self.first is None else (last - self.first).days + 1
        count = max(0, min(most, wanted, (last - _NEVER).days))
        return [last - n * _DAY for n in reversed(range(count))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How much there was of something on each day, and before, if that is known."""

    key: str
    total: int
    before: int | None
    days: Sequence[tuple[dt.date, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """What there was most of: keys with their counts, the highest first."""

    key: str
    counts: Sequence[tuple[str, int]]
