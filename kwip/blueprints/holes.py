"""Holes in pages: what is new in each answer, and therefore in no page that is kept.

A template leaves a hole, a name between two NUL bytes, which no text of people can
have in it; it is filled when the page goes out, whether it was kept or made just now.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from markupsafe import Markup

from kwip.domain.clock import to_ms
from kwip.schemas.times import ago

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from flask import Response

_EDGE = b"\0"
_KEY_BYTES = 16

#: The form token of the reader's session.
FORM_TOKEN = Markup("\0form\0")
#: A word that a form sends with a kwip, so that it becomes one however often it comes.
KEY = Markup("\0key\0")


def time_ago(moment: dt.datetime) -> Markup:
    """Leave a hole for how long ago something was."""
    return Markup(f"\0{to_ms(moment)}\0")  # noqa: S704 -- a number


@dataclass(frozen=True, slots=True)
class Holed:
    """A page with holes: `parts[1]`, `parts[3]` and so on are their names."""

    parts: list[bytes]

    @classmethod
    def of(cls, page: bytes) -> Self:
        """Find the holes of a page."""
        return cls(page.split(_EDGE))

    @property
    def has_form(self) -> bool:
        """Whether it must be filled with a form token."""
        return b"form" in self.parts[1::2]

    def fill(self, form_token: Callable[[], str], now_ms: int) -> bytes:
        """Give the page as it goes out."""
        parts = self.parts.copy()
        for i in range(1, len(parts), 2):
            name = parts[i]
            if name == b"form":
                parts[i] = form_token().encode()
            elif name == b"key":
                parts[i] = secrets.token_hex(_KEY_BYTES).encode()
            else:
                parts[i] = ago(int(name), now_ms).encode() if name.isdigit() else b""
        return b"".join(parts)


def fill(response: Response, form_token: Callable[[], str], now_ms: int) -> None:
    """Fill the holes of a page that was made just now."""
    if response.mimetype == "text/html" and not response.is_streamed:
        page = Holed.of(response.get_data())
        if len(page.parts) > 1:
            response.set_data(page.fill(form_token, now_ms))
