"""Mastodon's tables: people followed, muted and blocked, lists, and bookmarks."""

from __future__ import annotations

import csv
import io
from typing import IO, NamedTuple

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext

MOST_BYTES, MOST_ROWS = 5_000_000, 50_000
_HEADER = "account address"


class TableRow(NamedTuple):
    """A row: its number, and what it has; `title` is for lists."""

    number: int
    value: str
    title: str = ""


def rows_in(file: IO[bytes], kind: str) -> list[TableRow]:
    """Read a table of one of the kinds in `kwip.domain.accounts.transfers`.

    Raises:
        InvalidError: It can't be read; says in which line.
    """
    file.seek(0)
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise InvalidError(
            lazy_gettext(
                "This table is larger than %(size)s MB.", size=MOST_BYTES // 1_000_000
            )
        )
    try:
        found = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidError(
            lazy_gettext("This isn't a CSV file (%(error)s).", error=str(error))
        ) from error
    if len(found) > MOST_ROWS:
        raise InvalidError(
            lazy_gettext("This table has more than %(limit)s rows.", limit=MOST_ROWS)
        )
    return [
        _row(number, row, kind)
        for number, row in enumerate(found, 1)
        if row and row[0].strip().lower() != _HEADER
    ]


def _row(number: int, row: list[str], kind: str) -> TableRow:
    value = row[-1] if kind == "lists" else row[0]
    is_address = value.startswith(("https://", "http://"))
    is_short = kind == "lists" and len(row) != len(("title", "account"))
    if is_short or is_address != (kind == "bookmarks") or not value.strip():
        raise InvalidError(
            lazy_gettext(
                "Line %(number)s doesn't belong into a table of %(kind)s. "
                "Choose the kind of your file.",
                number=number,
                kind=kind,
            )
        )
    return TableRow(number, value.strip(), row[0].strip() if kind == "lists" else "")


def username_of(address: str, host: str) -> str | None:
    """Return the username in an address of this site; None for another site's."""
    name, _, at = address.lower().lstrip("@").partition("@")
    return name if at in {"", host.lower()} else None
