"""The beginning of a text, for places that have no room for all of it."""

from __future__ import annotations

import textwrap

_CUT = "…"


def excerpt(text: str, most: int) -> str:
    """Return a text on one line, at most so many characters, cut between words."""
    found = textwrap.shorten(text, most, placeholder=_CUT)
    # Scripts without spaces are one word.
    return text[: most - 1] + _CUT if found == _CUT else found
