"""The text of a post: its limits, and what in it is a link or a mention.

Offsets count Unicode code points of the stored text. The text is parsed once, when
it is written; pages and the API are built from text and entities.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError

if TYPE_CHECKING:
    from kwip.domain.ids import UserId

#: A post may mention this many people; it bounds the lookups of one write.
MAX_MENTIONS = 50

_LINK = re.compile(r"https?://[^\s<>\"'`\x00-\x1f\x7f]{1,1990}", re.IGNORECASE)
_HOST = re.compile(r"https?://[^\s/?#:@\\\[\]]+(:[0-9]{1,5})?(?=[/?#]|$)")
_MENTION = re.compile(r"(?<![\w@/.])@([A-Za-z0-9_]{1,30})(?![\w@])", re.ASCII)
_BEFORE_MENTION = re.compile(r"\w")
#: Categories of what nobody sees; unassigned ones may be tomorrow's emoji.
_INVISIBLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})


@dataclass(frozen=True, slots=True)
class Link:
    """An http(s) address at `text[start:end]`."""

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


def is_unicode(text: str) -> bool:
    """Tell whether a text can be encoded: half a surrogate pair cannot."""
    return not any("\ud800" <= c <= "\udfff" for c in text)


def clean_text(text: str, *, max_chars: int, field: str = "status") -> str:
    """Return a post's text as it is stored: NFC, line feeds, no control marks.

    Args:
        text: What the person wrote.
        max_chars: The site's limit, in code points after cleaning.
        field: The name of the form field, for the error.

    Raises:
        InvalidError: Nothing is left, it is too long, or it is not valid Unicode.
    """
    if not is_unicode(text):
        raise InvalidError(
            "That text cannot be posted.", {field: "It has broken characters in it."}
        )
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc")
    # Last, for a control mark may have stood between a letter and its accent.
    cleaned = unicodedata.normalize("NFC", kept).strip()
    if all(unicodedata.category(c) in _INVISIBLE for c in cleaned):
        raise InvalidError(
            "There is nothing to post.", {field: "Write something first."}
        )
    if len(cleaned) > max_chars:
        over = len(cleaned) - max_chars
        raise InvalidError(
            "That is too long.",
            {field: f"At most {max_chars} characters; this has {over} too many."},
        )
    return cleaned


def clean_warning(text: str, *, max_chars: int) -> str:
    """Return a content warning as it is stored: one line; nothing is no warning.

    Raises:
        InvalidError: It is too long, or it is not valid Unicode.
    """
    line = " ".join(text.split())
    if not line:
        return ""
    return clean_text(line, max_chars=max_chars, field="spoiler_text")


def clean_hashtag(text: str) -> str:
    """Fold a hashtag's name to the one form in which it is looked up."""
    return unicodedata.normalize("NFKC", text).casefold()


def find_links(text: str) -> tuple[Link, ...]:
    """Find the http(s) addresses in a text, without trailing punctuation."""
    links = []
    for match in _LINK.finditer(text):
        url = _trim(match.group())
        if _HOST.match(url.lower()):
            links.append(Link(match.start(), match.start() + len(url), url))
    return tuple(links)


def find_names(text: str, links: tuple[Link, ...]) -> tuple[Name, ...]:
    """Find the @names outside of links, at most `MAX_MENTIONS` different ones."""
    names: list[Name] = []
    seen: set[str] = set()
    for match in _MENTION.finditer(text):
        name = match.group(1).lower()
        inside = any(x.start < match.end() and match.start() < x.end for x in links)
        # The pattern is ASCII; a letter of another script before @ counts as well.
        glued = match.start() > 0 and _BEFORE_MENTION.match(text[match.start() - 1])
        if inside or glued or (name not in seen and len(seen) >= MAX_MENTIONS):
            continue
        seen.add(name)
        names.append(Name(match.start(), match.end(), name))
    return tuple(names)


def _trim(url: str) -> str:
    """Drop sentence punctuation and unpaired brackets from the end of a link."""
    while url:
        last = url[-1]
        unpaired = last in ")]}" and url.count(last) > url.count(
            "([{"[")]}".index(last)]
        )
        if last in ".,;:!?…*_~" or unpaired:
            url = url[:-1]
        else:
            break
    return url
