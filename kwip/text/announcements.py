"""Clean announcements, and report what is wrong with them."""

from __future__ import annotations

import datetime as dt

from kwip.domain.administration.announcements import TEXT_MAX, TypedAnnouncement
from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.text.profiles import clean_lines

_TIME = lazy_gettext(
    "Enter a date and a time (UTC), such as 2030-12-31 18:00, or nothing."
)


def cleaned_announcement(
    typed: TypedAnnouncement,
) -> tuple[str, dt.datetime | None, dt.datetime | None]:
    """Return the text of an announcement, when it begins and when it ends.

    Raises:
        InvalidError: Some of it cannot be used; `fields` names each.
    """
    wrong: dict[str, str] = {}
    text = clean_lines("text", typed.text.expandtabs(4), TEXT_MAX, wrong)
    if not text:
        wrong.setdefault("text", lazy_gettext("Write something."))
    starts_at = _time("starts_at", typed.starts_at, wrong)
    ends_at = _time("ends_at", typed.ends_at, wrong)
    if starts_at and ends_at and ends_at <= starts_at:
        wrong["ends_at"] = lazy_gettext("This must be after the start.")
    if wrong:
        raise InvalidError(lazy_gettext("The announcement was not saved."), wrong)
    return text, starts_at, ends_at


def _time(name: str, text: str, wrong: dict[str, str]) -> dt.datetime | None:
    if not text.strip():
        return None
    try:
        found = dt.datetime.fromisoformat(text.strip())
        known = found if found.tzinfo else found.replace(tzinfo=dt.UTC)
        return known.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        wrong[name] = _TIME
        return None
