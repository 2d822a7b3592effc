"""How long ago something was, in the few letters that a timeline has room for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
#: After so many days a date says more than their number.
_COUNTED_DAYS = 7


def ago(moment: dt.datetime, now: dt.datetime) -> str:
    """Say "now", "5m", "3h", "2d", and after a week the date, as `kwip.js` does."""
    passed_s = (now - moment).total_seconds()
    for unit, letter, end_s in (
        (_MINUTE_S, "m", _HOUR_S),
        (_HOUR_S, "h", _DAY_S),
        (_DAY_S, "d", _COUNTED_DAYS * _DAY_S),
    ):
        if passed_s < unit:
            return "now"
        if passed_s < end_s:
            return f"{int(passed_s // unit)}{letter}"
    return f"{moment:%-d %b}" if moment.year == now.year else f"{moment:%-d %b %Y}"
