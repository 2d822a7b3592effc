"""Clean the texts of a profile, and report which of them are invalid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.users import (
    BIO_MAX,
    DISPLAY_NAME_MAX,
    FIELD_MAX,
    MAX_FIELDS,
    ProfileField,
)
from kwip.domain.messages import lazy_gettext
from kwip.domain.text import is_unicode
from kwip.text.cleaning import is_visible, length_problem
from kwip.text.origins import clean_origins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import ProfileChange, ProfileKey

#: Line breaks, and the joiners of emoji and of scripts that use them.
_KEPT = "\n\u200c\u200d"
#: The names of profile fields in errors.
_LINE = "fields[{}][{}]"
#: What is stored as it is.
_FLAGS: tuple[ProfileKey, ...] = (
    "is_embeddable",
    "shows_favourites",
    "is_discoverable",
    "is_locked",
    "accepts_buzzes",
    "accepts_guests",
    "folds_repeats",
    "requires_descriptions",
    "undo_s",
    "language",
    "time_zone",
    "reply_policy",
    "quote_policy",
    "hides_collections",
    "hides_counts",
    "is_indexable",
    "is_crawlable",
    "may_trend",
)


def cleaned(change: ProfileChange, wrong: dict[str, str]) -> dict[ProfileKey, Any]:
    """Return the values to store from a change, except uploaded pictures."""
    changes: dict[ProfileKey, Any] = {}
    if change.display_name is not None:
        changes["display_name"] = clean_line(
            "display_name", change.display_name, DISPLAY_NAME_MAX, wrong
        )
    if change.bio is not None:
        changes["bio"] = clean_lines("bio", change.bio, BIO_MAX, wrong)
    if change.fields is not None:
        changes["fields"] = _clean_fields(change.fields, wrong)
    if change.embed_origins is not None:
        changes["embed_origins"] = clean_origins(
            "embed_origins", change.embed_origins, wrong
        )
    flags = {flag: getattr(change, flag) for flag in _FLAGS}
    changes |= {flag: value for flag, value in flags.items() if value is not None}
    if change.is_avatar_removed:
        changes["avatar"] = ""
    if change.is_banner_removed:
        changes["banner"] = ""
    return changes


def clean_line(name: str, text: str, limit: int, wrong: dict[str, str]) -> str:
    """Clean a text of one line, otherwise like `clean_lines`."""
    return clean_lines(name, " ".join(text.split()), limit, wrong)


def clean_lines(name: str, text: str, limit: int, wrong: dict[str, str]) -> str:
    """Return a short text without control characters; add errors to `wrong`.

    It is empty if nothing in it is visible.
    """
    kept = (c for c in text if c.isprintable() or c in _KEPT)
    clean = "".join(kept).strip(" " + _KEPT)
    if not is_visible(clean):
        clean = ""
    if not is_unicode(text):
        wrong[name] = lazy_gettext("Contains characters we can't store.")
    elif problem := length_problem(clean, max_chars=limit):
        wrong[name] = problem
    return clean


def _clean_fields(
    fields: Sequence[ProfileField], wrong: dict[str, str]
) -> tuple[ProfileField, ...]:
    """Clean the fields of a profile; empty ones are left out."""
    found = []
    for number, field in enumerate(fields):
        places = [_LINE.format(number, part) for part in ("name", "value")]
        name, value = (
            clean_line(place, text, FIELD_MAX, wrong)
            for place, text in zip(places, (field.name, field.value), strict=True)
        )
        if name or value:
            found.append(ProfileField(name, value))
        if value and not name:
            wrong[places[0]] = lazy_gettext("Enter a label.")
        if name and not value:
            wrong[places[1]] = lazy_gettext("Enter the content, or leave both empty.")
    if len(found) > MAX_FIELDS:
        wrong["fields"] = lazy_gettext(
            "Use up to %(limit)s. These are %(number)s.",
            limit=MAX_FIELDS,
            number=len(found),
        )
    return tuple(found)
