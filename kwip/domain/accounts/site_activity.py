"""How much a site is used in a period."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityReport:
    """Counts of each part of a period, the oldest first; the last one is not over.

    Attributes:
        starts: When each part began: full hours, or days in UTC.
        sign_ups: Users who joined in each part.
        posts: Posts of each part, with reposts and those that were deleted since.
        active: How many people read home within the last days.
        people: How many users there are.
    """

    starts: Sequence[dt.datetime]
    sign_ups: Sequence[int]
    posts: Sequence[int]
    active: Mapping[int, int]
    people: int
