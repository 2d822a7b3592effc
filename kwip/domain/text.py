"""Entities of a text: links, mentions and hashtags, and where they are.

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
#: The same without tabs and line breaks.
_NO_SPACES = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link at `text[start:end]`; `url` is http(s) with its host in ASCII."""

    start: int
    end: int
    url: str


@dataclass(frozen=True, slots=True)
class Mention:
    """A mentioned user at `text[start:end]`.

    A reply can address people of its conversation whom its text does not name; then
    `start` and `end` are 0.
    """

    start: int
    end: int
    user_id: UserId
    username: str

    @property
    def is_in_text(self) -> bool:
        """Whether the text names the user."""
        return self.start < self.end


@dataclass(frozen=True, slots=True)
class Hashtag:
    """A hashtag at `text[start:end]`; `name` is its folded form, without the mark."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Name:
    """An @name in a text, which may or may not be a user's."""

    start: int
    end: int
    username: str


@dataclass(frozen=True, slots=True)
class Entities:
    """What was found in a text, each kind in order; none overlap."""

    links: tuple[Link, ...] = ()
    names: tuple[Name, ...] = ()
    hashtags: tuple[Hashtag, ...] = ()


def is_unicode(text: str) -> bool:
    """Return whether a text can be encoded: half a surrogate pair cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def has_controls(text: str, *, but_spaces: bool = True) -> bool:
    """Return whether a text has control characters, optionally including whitespace."""
    pattern = _NO_SPACES if but_spaces else _CONTROLS
    return pattern.search(text) is not None
