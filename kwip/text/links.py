"""Links: which addresses in a text lead somewhere, and how they are shown.

An address with http(s) before it may have any valid host with a dot in it: others lead
nowhere, or into the network of whoever reads. Without http(s), only `www.` or a path
makes one of it, and only below a public suffix: `file.py` is a file.
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
#: Longer addresses are shortened for the eye, but never their host.
_SHOWN_CHARS = 60
_JOINERS = r"\u200c\u200d"


def _hosts(letter: str, more_labels: str) -> str:
    label = rf"{letter}++(?:-++{letter}++)*+"
    return rf"{label}(?:\.{label}){more_labels}"


_SCHEME = "[Hh][Tt][Tt][Pp][Ss]?://"
#: Where a link may begin. A bare host has only letters whose words have a visible end.
_BEGIN = regex.compile(
    rf"(?<!{SPACED})(?P<scheme>{_SCHEME})"
    rf"|(?<!{SPACED}|[.@\uff20/:\\#\uff03%&=+~$-])(?P<bare>{_hosts(SPACED, '++')})",
    regex.V1,
)
_HOST = regex.compile(_hosts(rf"[{WORD}{_JOINERS}]", "*+"), regex.V1)
_HOST_BEFORE_WORDS = regex.compile(rf"{_hosts(SPACED, '++')}(?={UNSPACED})", regex.V1)
_PATH = regex.compile(r"(?::[0-9]{1,5}+)?/")
_PORT = regex.compile(r":([0-9]{1,5}+)")
#: Directly after a host it says that this was none, or not all of it: a port that is
#: no number, a name before an @, a backslash, which browsers take for a slash.
_BROKEN = regex.compile(rf"[.:-]*+(?:{SPACED}|[@\uff20\\/%\[])", regex.V1)
#: Path, query and fragment, up to what is no part of an address: space, quotes, the
#: punctuation of Chinese and Japanese, and marks that nobody sees, for those that turn
#: the direction of writing could show another address than the one behind it.
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
    """Where a host in a text ends, and how it is asked for."""

    end: int
    name: str


def find_links(text: str) -> Iterator[Link]:
    """Find the addresses in a text, in order. Linear in its length."""
    at = 0
    while found := _BEGIN.search(text, at):
        link = _with_scheme(text, found) if found["scheme"] else _bare(text, found)
        if link is not None:
            yield link
        at = link.end if link else found.start() + 1


def shown_link(written: str, url: str) -> str:
    """Give what a link shows: no scheme, no `www.` after it, shortened after its host.

    A host that could be taken for another one is shown as it is asked for.
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
    # Where no spaces are written, a sentence may go on directly after a host.
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
    """Make the link whose host was found, with its port and what comes after."""
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
    """Drop the punctuation of a sentence and unpaired brackets from the end."""
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
