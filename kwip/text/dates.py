"""Dates and numbers as the reader's language writes them, in the reader's time zone.

Babel knows how languages write them. It is loaded when somebody reads another language
than English: about 5 MB, and 1 MB for each further one.
"""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from kwip.text.translation import DEFAULT, in_language, language

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The time zone of whoever reads what is written now; UTC until somebody says which.
ZONE: ContextVar[dt.tzinfo] = ContextVar("zone", default=dt.UTC)
#: Dates that a process remembers as written.
_REMEMBERED = 4_096
_KILO = 1_000
#: How English writes dates; other languages by the skeletons of CLDR.
_ENGLISH = {
    "MMMd": "%-d %b",
    "yMMMd": "%-d %b %Y",
    "yMMMM": "%B %Y",
    "yMMMMd": "%-d %B %Y",
    "yMMMMEEEEd": "%A, %-d %B %Y",
}


def use(name: str) -> None:
    """Write times in a time zone, in this thread; UTC without a name."""
    ZONE.set(zone_of(name))


@contextmanager
def written_for(code: str, zone: str) -> Iterator[None]:
    """Write a part for somebody: in a language and a time zone."""
    token = ZONE.set(zone_of(zone))
    try:
        with in_language(code):
            yield
    finally:
        ZONE.reset(token)


@lru_cache(64)
def zone_of(name: str) -> dt.tzinfo:
    """Return a time zone; UTC for none, and for what this machine does not know."""
    return ZoneInfo(name) if name in zones()[1:] else dt.UTC


@lru_cache(1)
def zones() -> tuple[str, ...]:
    """Return the names of time zones that people know: UTC, and the others in order."""
    named = (z for z in available_timezones() if "/" in z and z[:3] != "Etc")
    return "UTC", *sorted(named)


def hours_ahead(now: dt.datetime) -> int:
    """Return how far the reader's time zone is ahead of UTC now, in whole hours."""
    ahead = _here(now).utcoffset() or dt.timedelta()
    return round(ahead / dt.timedelta(hours=1))


def brief_day(moment: dt.datetime, now: dt.datetime) -> str:
    """Write a date as briefly as possible: "7 Mar", with the year if it is another.

    It is that of the given values, whatever the reader's time zone is.
    """
    is_this_year = moment.year == now.year
    return _written(moment.date(), "MMMd" if is_this_year else "yMMMd", language())


def calendar_day(date: dt.date) -> str:
    """Write a date that is the same for everybody: "7 March 2026"."""
    return _written(dt.date(date.year, date.month, date.day), "yMMMMd", language())


def calendar_month(date: dt.date) -> str:
    """Write a month that is the same for everybody: "March 2026"."""
    return _written(dt.date(date.year, date.month, 1), "yMMMM", language())


def day_of_year(date: dt.date) -> str:
    """Write a date in a year that everybody knows: "7 Mar"."""
    return _written(dt.date(date.year, date.month, date.day), "MMMd", language())


def month_of_year(date: dt.date) -> str:
    """Write the name of a month: "March"."""
    if language() == DEFAULT:
        return date.strftime("%B")
    from babel.dates import get_month_names  # noqa: PLC0415 -- seldom needed

    return str(
        get_month_names("wide", context="stand-alone", locale=language())[date.month]
    )


def day(moment: dt.datetime) -> str:
    """Write a date: "7 March 2026"."""
    return _written(_here(moment).date(), "yMMMMd", language())


def month(moment: dt.datetime) -> str:
    """Write a month: "March 2026"."""
    return _written(_here(moment).date(), "yMMMM", language())


def time(moment: dt.datetime) -> str:
    """Write a date and a time of day: "7 Mar 2026, 14:30", with UTC if it is that."""
    return _with_time(_here(moment), "yMMMd")


def whole_time(moment: dt.datetime) -> str:
    """Write all of it: "Saturday, 7 March 2026, 14:30", with UTC if it is that."""
    return _with_time(_here(moment), "yMMMMEEEEd")


def number(value: float, digits: int = 0) -> str:
    """Write a number: "1,234.5"."""
    if language() == DEFAULT:
        return f"{value:,.{digits}f}"
    from babel.numbers import format_decimal  # noqa: PLC0415 -- seldom needed

    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    return str(format_decimal(round(value, digits), pattern, locale=language()))


def file_size(value: float) -> str:
    """Write a size in bytes: "1.5 MB", with a digit after the point from 1 kB on."""
    for unit in ("Bytes", "kB", "MB", "GB"):
        if value < _KILO or unit == "GB":
            break
        value /= _KILO
    return f"{number(value, 0 if unit == 'Bytes' else 1)} {unit}"


def _here(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(ZONE.get())


def _with_time(moment: dt.datetime, skeleton: str) -> str:
    text = f"{_written(moment.date(), skeleton, language())}, {moment:%H:%M}"
    return f"{text} UTC" if ZONE.get() is dt.UTC else text


@lru_cache(_REMEMBERED)
def _written(date: dt.date, skeleton: str, code: str) -> str:
    if code == DEFAULT:
        return date.strftime(_ENGLISH[skeleton])
    from babel.dates import format_skeleton  # noqa: PLC0415 -- seldom needed

    return str(format_skeleton(skeleton, date, locale=code))
