"""Mastodon's archives: `actor.json`, and `outbox.json` with everything written."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from kwip.domain.clock import to_ms
from kwip.domain.ids import parse_id
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Visibility
from kwip.services.backups.sources.containers import read_json
from kwip.services.backups.sources.items import (
    REPOST,
    ImportedFile,
    ImportedKwip,
    language_of,
    poll_lines,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.services.backups.sources.containers import Container

OUTBOX = "outbox.json"
_PUBLIC = frozenset({"https://www.w3.org/ns/activitystreams#Public", "as:Public"})
#: Each of them begins a new line.
_LINES = frozenset({"br", "li"})
#: Longer ones are no kwips, nor addresses: what they cost grows faster than they do.
_HTML_MAX, _PATH_MAX = 100_000, 1_000
_WRONG = (LookupError, TypeError, ValueError, AttributeError, OverflowError)


def kwips_in(container: Container, name: str) -> Iterator[ImportedKwip]:
    """Iterate over what an outbox has, as it is in the archive.

    Raises:
        InvalidError: It can't be read.
    """
    outbox = read_json(container, name)
    names = frozenset(container.names())
    rows = outbox.get("orderedItems") if isinstance(outbox, dict) else None
    for number, row in enumerate(rows if isinstance(rows, list) else (), 1):
        try:
            yield _kwip_in(row, names)
        except _WRONG as error:
            yield ImportedKwip(
                key=f"mastodon:{name}:{number}",
                written_ms=0,
                text="",
                left_out=unreadable(number, name, error),
            )


def _kwip_in(row: dict[str, Any], names: frozenset[str]) -> ImportedKwip:
    kind, note = row["type"], row["object"]
    if kind != "Create":
        shown = row["object"] if isinstance(row["object"], str) else row.get("id")
        other = lazy_gettext("This isn't a kwip (%(kind)s).", kind=str(kind))
        why = REPOST if kind == "Announce" else other
        return ImportedKwip(
            key=f"mastodon:{shown}", written_ms=0, text="", left_out=why
        )
    language = next(iter(note.get("contentMap") or {}), None)
    answers = note.get("oneOf") or note.get("anyOf") or ()
    options = poll_lines((each["name"], _votes(each)) for each in answers)
    text = plain_text(note.get("content") or "")
    return ImportedKwip(
        key=f"mastodon:{note['id']}",
        written_ms=to_ms(_time(note["published"])),
        id_hint=parse_id(str(note["id"]).rpartition("/")[2]) or 0,
        text="\n\n".join(filter(None, (text, options))),
        warning=str(note.get("summary") or ""),
        is_sensitive=bool(note.get("sensitive")),
        visibility=_visibility(note),
        language=language_of(language),
        reply_to=f"mastodon:{note['inReplyTo']}" if note.get("inReplyTo") else None,
        files=tuple(_files_in(note, names)),
    )


def _votes(answer: dict[str, Any]) -> object:
    return (answer.get("replies") or {}).get("totalItems", 0)


def _time(text: str) -> dt.datetime:
    time = dt.datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def _visibility(note: dict[str, Any]) -> Visibility:
    to, copied = _addresses(note.get("to")), _addresses(note.get("cc"))
    if to & _PUBLIC:
        return Visibility.PUBLIC
    if copied & _PUBLIC:
        return Visibility.UNLISTED
    is_for_followers = any(each.endswith("/followers") for each in to | copied)
    return Visibility.FOLLOWERS if is_for_followers else Visibility.DIRECT


def _addresses(value: object) -> set[str]:
    found = value if isinstance(value, list) else [value]
    return {each for each in found if isinstance(each, str)}


def _files_in(note: dict[str, Any], names: frozenset[str]) -> Iterator[ImportedFile]:
    """Iterate over the files of a note; old archives have other folders in front."""
    for each in note.get("attachment") or ():
        path = urlsplit(str(each["url"])[:_PATH_MAX]).path.lstrip("/")
        steps = path.split("/")
        ways = ("/".join(steps[start:]) for start in range(len(steps)))
        member = next(filter(names.__contains__, ways), path)
        yield ImportedFile(member, str(each.get("name") or ""))


class _Text(HTMLParser):
    """Collects the text of HTML, with paragraphs and line breaks."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []

    def handle_starttag(self, tag: str, _: object) -> None:
        """Begin a line or a paragraph; keep nothing else of a tag."""
        if tag == "p" and self.parts:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        """Keep the text. Shortened links are complete in it, in invisible parts."""
        self.parts.append(data)


def plain_text(html: str) -> str:
    """Return the text of a note.

    Raises:
        ValueError: It is far too long.
    """
    if len(html) > _HTML_MAX:
        raise ValueError(_HTML_MAX)
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts).strip()
