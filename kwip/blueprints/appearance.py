"""How pages look on one device: light or dark, and the text size.

It is stored in a cookie of the device, so that it works without signing in, without a
script, and from the first byte of a page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import request

from kwip.blueprints import http

if TYPE_CHECKING:
    from flask import Response

THEMES = ("system", "light", "dark")
SIZES = ("small", "normal", "large", "huge")
#: Browsers keep no cookie longer.
_LIFETIME_S = 400 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Appearance:
    """A theme and a text size; the defaults are those of a new device."""

    theme: str = "system"
    size: str = "normal"

    @classmethod
    def parse(cls, text: str) -> Appearance:
        """Parse the cookie; anything invalid is the default."""
        theme, _, size = text.partition(".")
        if theme not in THEMES or size not in SIZES:
            return cls()
        return cls(theme, size)


def current() -> Appearance:
    """Return the appearance that this device has chosen."""
    return Appearance.parse(request.cookies.get(cookie(), ""))


def keep(response: Response, chosen: Appearance) -> None:
    """Save an appearance on the device."""
    response.set_cookie(
        cookie(),
        f"{chosen.theme}.{chosen.size}",
        max_age=_LIFETIME_S,
        secure=http.site().urls.origin.startswith("https:"),
        httponly=True,
        samesite="Lax",
    )


def for_templates() -> dict[str, str]:
    """Return the attributes of the `<html>` tag; none where the device decides."""
    chosen = current()
    return {
        "theme": "" if chosen.theme == "system" else chosen.theme,
        "text_size": "" if chosen.size == "normal" else chosen.size,
    }


def cookie() -> str:
    """Return the name of the cookie."""
    return cookie_of(http.site().urls.origin)


def cookie_of(origin: str) -> str:
    """Return the name of a site's cookie, by its address."""
    # Browsers share cookies between the ports of a host, but two sites must not.
    port = urlsplit(origin).port
    return f"kwip_look_{port}" if port else "kwip_look"
