"""Placeholders in pages: what differs in each response, and so in no cached page.

A template leaves a placeholder: its name between two marks. The mark is random and
drawn when the page is rendered, so nothing in a request or a user's text can contain
it. It never leaves the process: a page is cached as its parts.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from flask import g
from markupsafe import Markup

from kwip.domain.clock import to_ms
from kwip.schemas.times import ago, ago_in_words
from kwip.text.dates import ZONE

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from flask import Response

_FORM_TOKEN, _KEY, _IN_WORDS = b"form", b"key", b"words"
_MARK_BYTES = _KEY_BYTES = 16


def form_token() -> Markup:
    """Leave a placeholder for the form token of the reader's session."""
    return _placeholder(_FORM_TOKEN)


def key() -> Markup:
    """Leave one for the idempotency key that a form sends with a kwip."""
    return _placeholder(_KEY)


def time_ago(moment: dt.datetime) -> Markup:
    """Leave one for how long ago something was."""
    return _placeholder(_time(moment))


def time_ago_in_words(moment: dt.datetime) -> Markup:
    """Leave one for the same in a sentence."""
    return _placeholder(_IN_WORDS + _time(moment))


def _time(moment: dt.datetime) -> bytes:
    """Name a moment, and where its reader is: by how many minutes off UTC."""
    offset = moment.astimezone(ZONE.get()).utcoffset()
    minutes = 0 if offset is None else int(offset.total_seconds() // 60)
    return b"%d,%d" % (to_ms(moment), minutes)


def _placeholder(name: bytes) -> Markup:
    mark = _mark()
    whole = (mark + name + mark).decode()
    return Markup(whole)  # noqa: S704 -- hexadecimal digits and a name


def _mark() -> bytes:
    """Return the mark of this request's placeholders."""
    mark: bytes | None = g.get("placeholder_mark")
    if mark is None:
        mark = g.placeholder_mark = secrets.token_hex(_MARK_BYTES).encode()
    return mark


@dataclass(frozen=True, slots=True)
class WithPlaceholders:
    """A page in parts: `parts[1]`, `parts[3]` and so on name its placeholders."""

    parts: list[bytes]

    @classmethod
    def of(cls, response: Response) -> Self:
        """Find the placeholders of an answer that this request has rendered."""
        content = response.get_data()
        if response.mimetype != "text/html":
            return cls([content])
        return cls(content.split(_mark()))

    @property
    def has_form(self) -> bool:
        """Whether it must be filled with a form token."""
        return _FORM_TOKEN in self.parts[1::2]

    def fill(self, form_token: Callable[[], str], now_ms: int) -> bytes:
        """Return the page as it is sent."""
        parts = self.parts.copy()
        for i in range(1, len(parts), 2):
            name = parts[i]
            if name == _FORM_TOKEN:
                filled = form_token()
            elif name == _KEY:
                filled = secrets.token_hex(_KEY_BYTES)
            elif name.startswith(_IN_WORDS):
                filled = ago_in_words(*_read(name.removeprefix(_IN_WORDS)), now_ms)
            else:
                filled = ago(*_read(name), now_ms)
            parts[i] = filled.encode()
        return b"".join(parts)


def _read(name: bytes) -> tuple[int, int]:
    moment, _, offset = name.partition(b",")
    return int(moment), int(offset)


def fill(response: Response, form_token: Callable[[], str], now_ms: int) -> None:
    """Fill the placeholders of a page that was rendered just now."""
    if response.mimetype == "text/html" and not response.is_streamed:
        page = WithPlaceholders.of(response)
        if len(page.parts) > 1:
            response.set_data(page.fill(form_token, now_ms))
