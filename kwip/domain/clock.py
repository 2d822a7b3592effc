"""Time as an argument: the one place that reads the wall clock."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

#: Milliseconds since 1970 in UTC.
ClockMs = Callable[[], int]


def system_clock_ms() -> int:
    """Read the machine's wall clock in milliseconds since 1970 (UTC)."""
    return time.time_ns() // 1_000_000


def at(ms: int) -> dt.datetime:
    """Turn milliseconds since 1970 into an aware UTC time."""
    return dt.datetime.fromtimestamp(ms / 1000, tz=dt.UTC)


def to_ms(moment: dt.datetime) -> int:
    """Turn an aware time into milliseconds since 1970."""
    return round(moment.timestamp() * 1000)
