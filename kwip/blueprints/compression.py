"""Which answers go out compressed: files from a stock, pages as they are made.

Answers of the API do not, a proxy compresses them: `docs/decisions/compression.md`.
Of its address a page repeats the path and numbers only, so nobody else chooses what
is compressed beside what only the viewer may read.
"""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

from flask import request

if TYPE_CHECKING:
    from flask import Response

#: A smaller page fits into one packet anyway.
LEAST_BYTES = 1_024
#: Higher levels save little more (9: 1.5 %) and take twice the time.
_LEVEL = 5


def takes_gzip() -> bool:
    """Tell whether who asks can read gzip."""
    return request.accept_encodings.quality("gzip") > 0


def compress_page(response: Response) -> None:
    """Compress an HTML page for who can read it."""
    if response.mimetype != "text/html" or response.is_streamed:
        return
    response.vary.add("Accept-Encoding")
    if takes_gzip() and (response.content_length or 0) >= LEAST_BYTES:
        body = gzip.compress(response.get_data(), _LEVEL, mtime=0)
        response.set_data(body)
        response.content_encoding = "gzip"
