"""Clean texts for storing, and count their length as people do."""

from __future__ import annotations

import unicodedata

import regex

from kwip.domain.errors import InvalidError
from kwip.domain.messages import Message, lazy_gettext
from kwip.domain.text import is_unicode

#: Code points per character of a text's limit, at most: otherwise hundreds of marks on
#: one letter could get around the limit. A family of four skin colours has 11.
POINTS_PER_CHAR = 12

_CHARACTER = regex.compile(r"\X")
#: What is visible: also unassigned characters, which may be tomorrow's emoji, but no
#: fillers that are letters by category, and no blank Braille cell.
_VISIBLE = regex.compile(
    r"[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Zs}\p{Default_Ignorable_Code_Point}\u2800]"
)


def count_chars(text: str) -> int:
    """Count what people see as characters: grapheme clusters."""
    # Most texts are ASCII, where only CR LF is a cluster of two.
    if text.isascii():
        return len(text) - text.count("\r\n")
    return sum(1 for _ in _CHARACTER.finditer(text))


def is_visible(text: str) -> bool:
    """Return whether a text has anything visible."""
    return _VISIBLE.search(text) is not None


def length_problem(text: str, *, max_chars: int, warning: str = "") -> str | None:
    """Return by how much a text and its warning are too long; None if they are not."""
    points = len(text) + len(warning)
    # A character has at least one code point, so most texts need no counting.
    if points <= max_chars:
        return None
    over = count_chars(text) + count_chars(warning) - max_chars
    if over > 0:
        return _too_long(over, max_chars, has_warning=bool(warning))
    max_points = max_chars * POINTS_PER_CHAR
    if points > max_points:
        return _too_many_marks(points - max_points, has_warning=bool(warning))
    return None


def _too_long(over: int, max_chars: int, *, has_warning: bool) -> Message:
    if has_warning:
        return lazy_gettext(
            "Use up to %(limit)s characters including the warning. "
            "This has %(over)s too many.",
            limit=max_chars,
            over=over,
        )
    return lazy_gettext(
        "Use up to %(limit)s characters. This has %(over)s too many.",
        limit=max_chars,
        over=over,
    )


def _too_many_marks(over: int, *, has_warning: bool) -> Message:
    if has_warning:
        return lazy_gettext(
            "Use fewer accents and other marks on each character. "
            "This has %(over)s too many including the warning.",
            over=over,
        )
    return lazy_gettext(
        "Use fewer accents and other marks on each character. "
        "This has %(over)s too many.",
        over=over,
    )


def clean_text(
    text: str,
    *,
    max_chars: int,
    warning: str = "",
    field: str = "status",
    may_be_empty: bool = False,
) -> str:
    """Return a post's text as it is stored: NFC, line feeds, no control marks.

    Args:
        text: What the person wrote.
        max_chars: The site's limit, in characters as people count them.
        warning: The cleaned content warning above it, which counts as well.
        field: The name of the form field, for the error.
        may_be_empty: Whether nothing visible need be left, as beside a picture.

    Raises:
        InvalidError: Nothing is left, it is too long, or it is not valid Unicode.
    """
    cleaned = _cleaned(text, field)
    if not is_visible(cleaned):
        if may_be_empty:
            return ""
        raise InvalidError(
            lazy_gettext("You can't post an empty kwip."),
            {field: lazy_gettext("Write something first.")},
        )
    problem = length_problem(cleaned, warning=warning, max_chars=max_chars)
    if problem is not None:
        raise InvalidError(lazy_gettext("This is too long."), {field: problem})
    return cleaned


def clean_warning(text: str) -> str:
    """Return a content warning as it is stored: one line, or empty for none.

    Its length is bounded together with the text's, by `clean_text`.

    Raises:
        InvalidError: It is not valid Unicode.
    """
    return one_line(text, field="spoiler_text")


def one_line(text: str, *, field: str) -> str:
    """Return a text on one line, of any length; empty if nothing of it is visible.

    Raises:
        InvalidError: It is not valid Unicode.
    """
    cleaned = " ".join(_cleaned(text, field).split())
    return cleaned if is_visible(cleaned) else ""


def clean_description(text: str, *, max_chars: int) -> str:
    """Return the description of an attachment as it is stored, or empty for none.

    Raises:
        InvalidError: It is too long, or not valid Unicode.
    """
    cleaned = _cleaned(text, "description")
    problem = length_problem(cleaned, max_chars=max_chars)
    if problem is not None:
        raise InvalidError(lazy_gettext("This is too long."), {"description": problem})
    return cleaned if is_visible(cleaned) else ""


def _cleaned(text: str, field: str) -> str:
    if not is_unicode(text):
        raise InvalidError(
            lazy_gettext("That text can't be posted."),
            {field: lazy_gettext("Contains characters we can't store.")},
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc")
    # Last, because a control character may have separated a letter and its accent.
    return unicodedata.normalize("NFC", kept).strip()
