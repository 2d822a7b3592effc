"""Which pages other sites may show in a frame: those below `/embed/`, and no others.

Of people who name the sites that may embed them, these sites alone, and our own.
They know no reader: no cookie is read or set, whatever a browser sends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import g, request

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Below this, pages and their errors may be framed.
PREFIX = "/embed/"
#: Whoever frames such a page, it is alone there: it has no origin, so it can neither
#: reach a cookie nor navigate the page around it. Its script reports its height.
_CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self' {origin}{static}; "
    "style-src 'self' {origin}{static}; img-src 'self' {media}; "
    "media-src 'self' {media}; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {sites}; "
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox"
)


def is_framed() -> bool:
    """Return whether the request's page may be in a frame of another site."""
    return request.path.startswith(PREFIX)


def allow_only(origins: Sequence[str]) -> None:
    """Let only these sites, and ours, frame the page that is made; none means any."""
    g.framing_sites = " ".join(origins)


def sites() -> str:
    """Return the sites that alone may frame the page; empty if any may."""
    named: str = g.get("framing_sites", "")
    return named


def content_security(origin: str, media: str, static: str) -> str:
    """Return the policy of such a page.

    `media` are the origins of pictures; `static` is another one of our own files, after
    a space, or empty.
    """
    allowed = f"{origin} {sites()}" if sites() else "*"
    # With the origin by name, because the page itself has none.
    return _CONTENT_SECURITY.format(
        origin=origin, media=media, static=static, sites=allowed
    )
