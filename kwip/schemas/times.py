"""How long ago something was, in the few letters that fit into a timeline."""

from __future__ import annotations

from kwip.domain.clock import at
from kwip.text import dates
from kwip.text.translation import gettext

_MINUTE_MS, _HOUR_MS, _DAY_MS = 60_000, 3_600_000, 86_400_000
#: After this many days a date says more than a number of days.
_COUNTED_DAYS = 7


def ago(then_ms: int, offset_min: int, now_ms: int) -> str:
    """Write "now", "5m", "3h", "2d", and after a week the date, as `kwip.js` does.

    The date is that of a reader who is some minutes off UTC.
    """
    passed_ms = now_ms - then_ms
    if passed_ms < _MINUTE_MS:
        return gettext("now")
    if passed_ms < _HOUR_MS:
        return gettext("%(number)sm", number=passed_ms // _MINUTE_MS)
    if passed_ms < _DAY_MS:
        return gettext("%(number)sh", number=passed_ms // _HOUR_MS)
    if passed_ms < _COUNTED_DAYS * _DAY_MS:
        return gettext("%(number)sd", number=passed_ms // _DAY_MS)
    offset_ms = offset_min * _MINUTE_MS
    return dates.brief_day(at(then_ms + offset_ms), at(now_ms + offset_ms))


def ago_in_words(then_ms: int, offset_min: int, now_ms: int) -> str:
    """Write "just now", "5m ago" or "on 7 Mar", for a sentence."""
    passed_ms, time = now_ms - then_ms, ago(then_ms, offset_min, now_ms)
    if passed_ms < _MINUTE_MS:
        return gettext("just now")
    if passed_ms < _COUNTED_DAYS * _DAY_MS:
        return gettext("%(time)s ago", time=time)
    return gettext("on %(date)s", date=time)
