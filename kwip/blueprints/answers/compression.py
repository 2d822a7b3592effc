"""Which responses are compressed: files in advance, pages as they are made.

API responses are left to a proxy: `docs/decisions/compression.md`. A page repeats only
the path and numbers of its address, so nobody else can choose what is compressed
together with content that only the viewer may read. A search repeats its words, a
shared text is filled in, and the log-in page leads back to one: these are not
compressed.
"""

from __future__ import annotations

import gzip
from functools import lru_cache
from typing import TYPE_CHECKING

from flask import request
from werkzeug.http import parse_accept_header

if TYPE_CHECKING:
    from flask import Response

#: A smaller page fits into one packet anyway.
LEAST_BYTES = 1_024
#: Pages that repeat what somebody else may have put into their address.
_REPEATING = frozenset({"web.search", "web.share", "web.login", "web.log_in"})
#: Higher levels save little more (9: 1.5 %) and take twice the time.
_LEVEL = 5


def takes_gzip() -> bool:
    """Return whether the client accepts gzip."""
    return _reads_gzip(request.headers.get("Accept-Encoding", ""))


def is_worth_it(accepted: str, length: int) -> bool:
    """Return whether to compress a page of this length for a client."""
    return length >= LEAST_BYTES and _reads_gzip(accepted)


def compress_page(response: Response) -> None:
    """Compress an HTML page if the client accepts it."""
    if response.mimetype != "text/html" or response.is_streamed:
        return
    if request.endpoint in _REPEATING:
        return
    accepted = request.headers.get("Accept-Encoding", "")
    if is_worth_it(accepted, response.content_length or 0):
        response.set_data(compressed(response.get_data()))
        response.content_encoding = "gzip"


def compressed(page: bytes) -> bytes:
    """Compress the bytes of a page."""
    return gzip.compress(page, _LEVEL, mtime=0)


@lru_cache(256)  # a few browsers send the same few headers again and again
def _reads_gzip(accepted: str) -> bool:
    return parse_accept_header(accepted).quality("gzip") > 0
