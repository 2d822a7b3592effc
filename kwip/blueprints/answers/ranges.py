"""Parts of files: what a request's `Range` asks for, and a body that has only that."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from werkzeug.exceptions import RequestedRangeNotSatisfiable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Request

_PIECE_BYTES = 65_536


def wanted(request: Request, etag: str, size: int) -> range | None:
    """Return the bytes that a request asks for; None for the whole file.

    As RFC 9110 allows, what can't be understood is ignored: other units, and several
    parts at once. A part of what the client has in another version is none, either.

    Raises:
        RequestedRangeNotSatisfiable: The file is not as long as that.
    """
    asked, condition = request.range, request.if_range
    is_readable = asked is not None and asked.units == "bytes"
    if asked is None or not is_readable or len(asked.ranges) != 1:
        return None
    if etag in request.if_none_match or condition.date is not None:
        return None
    if condition.etag is not None and condition.etag != etag:
        return None
    start, end = asked.ranges[0]
    # A file may be shorter than the end of it that is asked for.
    part = range(max(0, size + start) if start < 0 else start, min(end or size, size))
    if not part:
        raise RequestedRangeNotSatisfiable(size)
    return part


class Part:
    """The body of a response: a part of a file, which it closes."""

    def __init__(self, content: IO[bytes], part: range):
        self._content, self._part = content, part

    def __iter__(self) -> Iterator[bytes]:
        """Read it in pieces."""
        self._content.seek(self._part.start)
        left = len(self._part)
        while left and (piece := self._content.read(min(left, _PIECE_BYTES))):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        """Close the file."""
        self._content.close()
