"""Statistics of what a user published: days, hours, sources, and what came back."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple

from kwip.domain.clock import to_ms
from kwip.domain.ids import first_id_at
from kwip.domain.posting.posts import OPEN, Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import UserId

#: Whose view counts: what everybody may see, what followers may, or everything.
Audience = Literal["open", "followers", "all"]
AUDIENCES: Mapping[Audience, frozenset[Visibility]] = {
    "open": OPEN,
    "followers": OPEN | {Visibility.FOLLOWERS},
    "all": frozenset(Visibility),
}
#: Posts of a span that are looked at, the newest ones, so that no count takes long.
MAX_EXAMINED = 10_000
#: Sources that are named, the most used ones.
MAX_SOURCES = 10
#: How far the page of statistics looks back, with today.
DAYS = 365


class Span(NamedTuple):
    """The posts of a user from one day until before another, in UTC.

    Both days are proleptic Gregorian ordinals, as `date.toordinal` gives them.
    """

    user_id: UserId
    since: int
    until: int
    audience: Audience

    @property
    def bounds(self) -> tuple[int, int]:
        """The ids between which its posts are, exclusive."""
        return first_id_of(self.since) - 1, first_id_of(self.until)


class HourOfPosts(NamedTuple):
    """Posts of one hour from one source: how many were examined, and those that count.

    `favourites`, `reposts` and `replies` are what these received.
    """

    at: dt.datetime
    source: str
    examined: int
    posts: int
    favourites: int
    reposts: int
    replies: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What a user published within a span, without reposts, in UTC.

    `days` are ordinals with the number of posts, only those with some; `hours` has the
    24 hours of a day; `sources` begins with the most used one. `first_year` is that of
    the first of their posts that counts, None if there is none. It `is_cut` if there
    may be more than `MAX_EXAMINED` posts, of which the newest were examined. What
    others did may lag, so it does not count when two are compared, as `kwip cache
    verify` does.
    """

    days: tuple[tuple[int, int], ...] = ()
    hours: tuple[int, ...] = (0,) * 24
    sources: tuple[tuple[str, int], ...] = ()
    favourites: int = field(default=0, compare=False)
    reposts: int = field(default=0, compare=False)
    replies: int = field(default=0, compare=False)
    first_year: int | None = None
    is_cut: bool = False

    @property
    def posts(self) -> int:
        """How many posts it counts."""
        return sum(count for _, count in self.days)


@dataclass(frozen=True, slots=True)
class LastYear:
    """The figures of somebody's last year, which ends today, by ordinals of days."""

    user: User
    first_day: int
    today: int
    statistics: Statistics


def summed_up(rows: Iterable[HourOfPosts], first_year: int | None) -> Statistics:
    """Sum up the hours of a span."""
    days, hours, sources = Counter[int](), Counter[int](), Counter[str]()
    examined = 0
    received = [0, 0, 0]
    for row in rows:
        examined += row.examined
        days[row.at.toordinal()] += row.posts
        hours[row.at.hour] += row.posts
        sources[row.source] += row.posts
        for place, count in enumerate((row.favourites, row.reposts, row.replies)):
            received[place] += count
    return Statistics(
        days=tuple(sorted((+days).items())),
        hours=tuple(hours[hour] for hour in range(24)),
        sources=tuple((+sources).most_common(MAX_SOURCES)),
        favourites=received[0],
        reposts=received[1],
        replies=received[2],
        first_year=first_year,
        is_cut=examined >= MAX_EXAMINED,
    )


def first_id_of(day: int) -> int:
    """Return the lowest id of a day, by its ordinal, in UTC; 0 before 1970."""
    midnight = dt.datetime.combine(dt.date.fromordinal(day), dt.time(), dt.UTC)
    return first_id_at(max(0, to_ms(midnight)))
