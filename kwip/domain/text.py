"""What stands in a text: links, mentions and hashtags, and where.

Offsets count Unicode code points of the stored text. The text is parsed once, when
it is written (`kwip.text`); pages and the API are built from text and entities.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import UserId

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
#: The same without tabs and what ends a line.
_NO_SPACES = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True, slots=True)
class Link:
    """An address at `text[start:end]`; `url` is http(s) with its host in ASCII."""

    start: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A user named at `text[start:end]`."""

    start: int
    end: int
    user_id: UserId
    username: str


@dataclass(frozen=True, slots=True)
class Hashtag:
    """A hashtag at `text[start:end]`; `name` is its one form, without the mark."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """An @name found in a text, not yet known to be a user's."""

    start: int
    end: int
    username: str


@dataclass(frozen=True, slots=True)
class Entities:
    """What was found in a text, each kind in order; none overlaps another."""

    links: tuple[Link, ...] = ()
    names: tuple[Name, ...] = ()
    hashtags: tuple[Hashtag, ...] = ()


def is_unicode(text: str) -> bool:
    """Tell whether a text can be encoded: half a surrogate pair cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def has_controls(text: str, *, but_spaces: bool = True) -> bool:
    """Tell whether a text holds control characters, white space counting or not."""
    pattern = _NO_SPACES if but_spaces else _CONTROLS
    return pattern.search(text) is not None
