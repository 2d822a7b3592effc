"""Kwip's own archives: `kwips.jsonl`, which another Kwip or this one has written."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from kwip.domain.errors import InvalidError
from kwip.domain.ids import ms_of, parse_id
from kwip.domain.media.attachments import DESCRIPTION_MAX
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import QuotePolicy, ReplyPolicy, Visibility
from kwip.services.backups.offline_pages import file_in
from kwip.services.backups.sources.containers import BROKEN, require_text_size
from kwip.services.backups.sources.items import (
    REPOST,
    ImportedFile,
    ImportedKwip,
    language_of,
    poll_lines,
)
from kwip.services.backups.user_export import KWIPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.services.backups.sources.containers import Container

_LINE_MAX = 4_000_000
_WRONG = (LookupError, TypeError, ValueError, AttributeError, RecursionError)


def kwips_in(container: Container) -> Iterator[ImportedKwip]:
    """Iterate over the kwips of an archive.

    Raises:
        InvalidError: A line is nothing that Kwip writes; names it.
    """
    try:
        with container.open(KWIPS) as stream:
            lines = iter(partial(stream.readline, _LINE_MAX), b"")
            size = 0
            for number, line in enumerate(lines, 1):
                size += len(line)
                require_text_size(KWIPS, size)
                try:
                    yield _kwip_in(json.loads(line))
                except _WRONG as error:
                    what = f"{type(error).__name__}: {error}"
                    raise InvalidError(
                        lazy_gettext(
                            "%(name)s, line %(number)s can't be used (%(what)s).",
                            name=KWIPS,
                            number=number,
                            what=what,
                        )
                    ) from error
    except BROKEN as error:
        raise InvalidError(
            lazy_gettext("%(name)s can't be read: it is damaged.", name=KWIPS)
        ) from error


def _kwip_in(row: dict[str, Any]) -> ImportedKwip:
    found = parse_id(str(row["id"]))
    if not found:
        message = f"{row['id']} is no id"
        raise ValueError(message)
    options = row["poll"]["options"] if row.get("poll") else ()
    choices = poll_lines((each["title"], each.get("votes", 0)) for each in options)
    return ImportedKwip(
        key=f"kwip:{found}",
        written_ms=ms_of(found),
        id_hint=found,
        text="\n\n".join(filter(None, (str(row["text"]), choices))),
        warning=str(row["warning"]),
        is_sensitive=bool(row["is_sensitive"]),
        visibility=Visibility(row["visibility"]),
        quote_policy=QuotePolicy(row["quote_policy"]),
        reply_policy=ReplyPolicy(row.get("reply_policy", "public")),
        language=language_of(row.get("language")),
        reply_to=_key(row["in_reply_to_id"]),
        quote_of=_key(row["quote_of_id"]),
        files=tuple(_file_in(each) for each in row["media"]),
        left_out=REPOST if row["repost_of_id"] else "",
    )


def _key(text: object) -> str | None:
    return f"kwip:{text}" if text else None


def _file_in(row: dict[str, Any]) -> ImportedFile:
    name = file_in(int(row["id"]), str(row["variants"][0]))
    return ImportedFile(name, str(row["description"])[:DESCRIPTION_MAX])
