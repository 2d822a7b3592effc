"""Name what an answer shows, in headers, so that a CDN can forget it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from kwip.domain.timelines import surrogate_keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Response

    from kwip.domain.timelines.views import PostView

#: Two headers with the same keys: CDNs differ in which one they read.
HEADERS = ("Surrogate-Key", "Cache-Tag")


def name_entities(
    response: Response, views: Iterable[PostView], *lists: str
) -> Response:
    """Add the keys of the posts that an answer shows, and of the lists it is from."""
    keys = surrogate_keys.bounded(map(_safe, lists), surrogate_keys.of_views(views))
    response.headers["Surrogate-Key"] = " ".join(keys)
    response.headers["Cache-Tag"] = ",".join(keys)
    return response


def _safe(key: str) -> str:
    """Hashtags may have letters that no header has."""
    return quote(key, safe=":")
