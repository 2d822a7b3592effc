"""Which pages other sites may show in a frame: those below `/embed/`, and no others.

They know no reader: no cookie is read or set, whatever a browser sends.
"""

from __future__ import annotations

from flask import request

#: Below this, pages and their errors may be framed by any site.
PREFIX = "/embed/"
#: Whoever frames such a page, it is alone there: it has no origin, so it can neither
#: reach a cookie nor navigate the page around it. Its script reports its height.
_CONTENT_SECURITY = (
    "default-src 'none'; script-src 'self' {origin}; style-src 'self' {origin}; "
    "img-src 'self' {media}; media-src 'self' {media}; base-uri 'none'; "
    "form-action 'none'; frame-ancestors *; "
    "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox"
)


def is_framed() -> bool:
    """Return whether the request's page may be in a frame of another site."""
    return request.path.startswith(PREFIX)


def content_security(origin: str, media: str) -> str:
    """Return the policy of such a page; `media` are the origins of pictures."""
    # With the origin by name, because the page itself has none.
    return _CONTENT_SECURITY.format(origin=origin, media=media)
