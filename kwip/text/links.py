"""Links: which addresses in a text become links, and how they are shown.

An address with http(s) may have any valid host that contains a dot: others lead
nowhere, or into the reader's own network. Without http(s) it must begin with `www.` or
have a path, and be below a public suffix: `file.py` is a file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import regex

from kwip.domain.text import Link
from kwip.text.hosts import ascii_host, is_clear, is_registered
from kwip.text.scripts import SPACED, UNSPACED, WORD

if TYPE_CHECKING:
    from collections.abc import Iterator


_MAX_PORT = 65_535
#: The text of longer links is shortened, but never the host.
_SHOWN_CHARS = 60
_JOINERS = r"\u200c\u200d"


def _hosts(letter: str, more_labels: str) -> str:
    label = rf"{letter}++(?:-++{letter}++)*+"
    return rf"{label}(?:\.{label}){more_labels}"


_SCHEME = "[Hh][Tt][Tt][Pp][Ss]?://"
#: Where a link may begin. A bare host only has letters of scripts that use spaces.
_BEGIN = regex.compile(
    rf"(?<!{SPACED})(?P<scheme>{_SCHEME})"
    rf"|(?<!{SPACED}|[.@\uff20/:\\#\uff03%&=+~$-])(?P<bare>{_hosts(SPACED, '++')})",
    regex.V1,
)
_HOST = regex.compile(_hosts(rf"[{WORD}{_JOINERS}]", "*+"), regex.V1)
_HOST_BEFORE_WORDS = regex.compile(rf"{_hosts(SPACED, '++')}(?={UNSPACED})", regex.V1)
_PATH = regex.compile(r"(?::[0-9]{1,5}+)?/")
_PORT = regex.compile(r":([0-9]{1,5}+)")
#: Directly after a host, these mean that it is not a host, or only a part of one: a
#: port that is not a number, a user name before @, a backslash, which browsers treat as
#: a slash.
_BROKEN = regex.compile(rf"[.:-]*+(?:{SPACED}|[@\uff20\\/%\[])", regex.V1)
#: Path, query and fragment, up to what cannot be part of an address: space, quotes,
#: Chinese and Japanese punctuation, and invisible marks, because those that change the
#: writing direction could disguise the address.
_REST = regex.compile(
    r"[/?#](?:[^\s\p{C}\p{Z}<>\x22'`\u201c-\u201f\u2014\u2015"
    r"\u3001-\u3003\u3008-\u3011\u3014-\u301f"
    r"\uff01\uff02\uff07-\uff09\uff0c\uff0e\uff1a\uff1b\uff1c\uff1e\uff1f"
    r"\uff3b\uff3d\uff5b\uff5d\uff5f-\uff64]"
    rf"|\p{{Cn}}|\p{{Co}}|[{_JOINERS}])*+",
    regex.V1,
)
_MARK = regex.compile(r"[[\p{Po}\p{Pi}\p{Pf}_~]--[/#%&@\\]]", regex.V1)
_OPENING = {")": "(", "]": "[", "}": "{"}


class _Host(NamedTuple):
    """Where a host in a text ends, and its ASCII form."""

    end: int
    name: str


def find_links(text: str) -> Iterator[Link]:
    """Find the links in a text, in order. Linear in its length."""
    at = 0
    while found := _BEGIN.search(text, at):
        link = _with_scheme(text, found) if found["scheme"] else _bare(text, found)
        if link is not None:
            yield link
        at = link.end if link else found.start() + 1


def shown_link(written: str, url: str) -> str:
    """Return the text of a link: no scheme, no `www.`, shortened after its host.

    A `www.` without a scheme stays. A host that could be mistaken for another one is
    shown in ASCII.
    """
    at = 0
    if scheme := _BEGIN.match(written):
        at = scheme.end() if scheme["scheme"] else 0
    host = _HOST.match(written, at)
    asked = _HOST.match(url.partition("://")[2])
    if host is None or asked is None:
        return written
    if not is_clear(host.group()):
        return _shortened(asked.group(), written[host.end() :])
    if at and host.group()[:4].lower() == "www.":
        at += 4
    return _shortened(written[at : host.end()], written[host.end() :])


def _with_scheme(text: str, found: regex.Match[str]) -> Link | None:
    scheme = found["scheme"].lower()
    # In scripts without spaces, a sentence may continue directly after a host.
    host = _host(_HOST.match(text, found.end()))
    if host is None or not is_registered(host.name):
        shorter = _host(_HOST_BEFORE_WORDS.match(text, found.end()))
        if shorter and is_registered(shorter.name):
            return Link(found.start(), shorter.end, scheme + shorter.name)
    if host is None or "." not in host.name:
        return None
    return _link(text, found.start(), scheme, host)


def _bare(text: str, found: regex.Match[str]) -> Link | None:
    host = _host(found)
    if host is None or not is_registered(host.name):
        return None
    is_meant = host.name.startswith("www.") or _PATH.match(text, host.end)
    return _link(text, found.start(), "https://", host) if is_meant else None


def _host(found: regex.Match[str] | None) -> _Host | None:
    name = ascii_host(found.group()) if found else None
    return _Host(found.end(), name) if found and name else None


def _link(text: str, start: int, scheme: str, host: _Host) -> Link | None:
    """Make the link from its host, with its port and what follows."""
    end, url = host.end, scheme + host.name
    if port := _PORT.match(text, end):
        if int(port[1]) > _MAX_PORT:
            return None
        end, url = port.end(), url + port.group()
    if rest := _REST.match(text, end):
        kept = _trimmed(rest.group())
        return Link(start, end + len(kept), url + kept)
    return None if _BROKEN.match(text, end) else Link(start, end, url)


def _trimmed(rest: str) -> str:
    """Remove sentence punctuation and unpaired brackets from the end."""
    counts = {c: rest.count(c) for pair in _OPENING.items() for c in pair}
    end = len(rest)
    while end:
        last = rest[end - 1]
        opening = _OPENING.get(last)
        is_unpaired = opening is not None and counts[last] > counts[opening]
        if not is_unpaired and not _MARK.match(last):
            break
        if last in counts:
            counts[last] -= 1
        end -= 1
    return rest[:end]


def _shortened(host: str, rest: str) -> str:
    if not rest or len(host) + len(rest) <= _SHOWN_CHARS:
        return host + rest
    return f"{host}{rest[: max(0, _SHOWN_CHARS - len(host) - 1)]}…"
