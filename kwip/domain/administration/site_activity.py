"""How much a site is used in a period, and how it did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence


class Period(StrEnum):
    """What a chart shows."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Figure(StrEnum):
    """What is drawn over a period, in the order of the page."""

    ACTIVE = "active"
    SIGN_UPS = "sign_ups"
    POSTS = "posts"
    REPORTS = "reports"
    DELIVERIES = "deliveries"
    LAG = "lag"
    HITS = "hits"
    WAITING = "waiting"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyFigures:
    """What the processes of a site counted in one hour.

    Attributes:
        hour: When it began.
        deliveries: Entries put into home timelines.
        delivered: Posts whose fan-out ended.
        lag_ms: The sum of the milliseconds from each of these posts to its end.
        hits: Lookups that needed no load: found, known to be empty, or shared.
        lookups: All lookups in the cache.
        waiting: The most jobs that waited at once, in all queues; None if unknown.
        active: People who read home in the 24 hours before it; None if unknown.
        stored_bytes: What the database and uploads took at its start; None if unknown.
    """

    hour: dt.datetime
    deliveries: int
    delivered: int
    lag_ms: int
    hits: int
    lookups: int
    waiting: int | None
    active: int | None
    stored_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityReport:
    """Figures of each part of a period, the oldest first; the last one is not over.

    Attributes:
        starts: When each part began: full hours, or days in UTC.
        figures: A number for each part; None where nothing was measured.
            `ACTIVE` has people who read home in 24 hours, the most of a part;
            `SIGN_UPS`, `POSTS`, `REPORTS`: how many were made, with reposts, and with
            posts that were deleted since; `DELIVERIES`: entries put into homes; `LAG`:
            mean seconds from a post to the end of its delivery; `HITS`: the share of
            lookups that the cache answered, 0 to 1; `WAITING`: the most jobs that
            waited at once; `STORAGE`: the latest bytes of database and uploads.
        whole: The same of the whole period.
        active: How many people read home within the last days.
        people: How many users there are.
    """

    starts: Sequence[dt.datetime]
    figures: Mapping[Figure, Sequence[float | None]]
    whole: Mapping[Figure, float | None]
    active: Mapping[int, int]
    people: int
