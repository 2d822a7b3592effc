"""The one parser of user-written texts."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import regex

from kwip.domain.text import Entities, Hashtag, Name
from kwip.text import hashtags
from kwip.text.links import find_links
from kwip.text.scripts import SPACED, WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kwip.domain.text import Link

#: A post has at most this many mentions and this many hashtags; any more are plain
#: text. It bounds the lookups of one write, and its keys in an index.
MAX_MENTIONS = MAX_HASHTAGS = 50

_AT = r"[@\uff20]"
_TAG = (
    rf"(?<!{SPACED}|[@\uff20/&{hashtags.MARKS}])"
    rf"[{hashtags.MARKS}](?P<tag>{hashtags.PATTERN})"
)


def parse(text: str, *, host: str) -> Entities:
    """Find links, names and hashtags; `host` is the site's own, after an @name.

    Links come first; inside them nothing else is found. Linear in the text's length.
    """
    links = tuple(find_links(text))
    names: list[Name] = []
    tags: list[Hashtag] = []
    seen_names: set[str] = set()
    seen_tags: set[str] = set()
    for found in _marked(text, links, _pattern(host)):
        if username := found["name"]:
            username = username.lower()
            if _is_kept(username, seen_names, MAX_MENTIONS):
                names.append(Name(found.start(), found.end(), username))
        elif (tag := hashtags.name_of(found["tag"])) and _is_kept(
            tag, seen_tags, MAX_HASHTAGS
        ):
            tags.append(Hashtag(found.start(), found.end(), tag))
    return Entities(links, tuple(names), tuple(tags))


@lru_cache(maxsize=8)
def _pattern(host: str) -> regex.Pattern[str]:
    """Make the pattern of names and tags on a site.

    A name may be followed by our host; with another host it is somebody elsewhere.
    """
    name = (
        rf"(?<!{SPACED}|[@\uff20/]){_AT}(?P<name>[A-Za-z0-9_]{{1,30}}+)"
        rf"(?:{_AT}(?i:{regex.escape(host)})(?![.:-]++[{WORD}]))?+"
        rf"(?!{SPACED}|{_AT})"
    )
    return regex.compile(f"{name}|{_TAG}", regex.V1)


def _marked(
    text: str, links: Iterable[Link], pattern: regex.Pattern[str]
) -> Iterator[regex.Match[str]]:
    """Find names and tags between the links."""
    at = 0
    for link in links:
        yield from pattern.finditer(text, at, link.start)
        at = link.end
    yield from pattern.finditer(text, at)


def _is_kept(name: str, seen: set[str], limit: int) -> bool:
    if name not in seen and len(seen) >= limit:
        return False
    seen.add(name)
    return True
