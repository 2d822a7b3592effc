"""Cached pages as they are stored, and as a process holds them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from typing import TYPE_CHECKING, Self

from kwip.blueprints.answers import surrogate_keys
from kwip.blueprints.answers.placeholders import WithPlaceholders
from kwip.domain.clock import system_clock_ms
from kwip.text.translation import DEFAULT

if TYPE_CHECKING:
    from flask import Response

    from kwip.domain.timelines.pages import CachedPage

#: Raised when `pack` changes, so that pages of other versions are not found.
FORMAT = 3
#: Headers that each answer has of its own, or that are computed for it.
_OWN_HEADERS = ("x-request-id", "x-ratelimit-", "content-length", "content-encoding")
#: Headers that a client which has the body already knows.
_OF_BODIES = frozenset({"Content-Type", *surrogate_keys.HEADERS})
_DIGEST_BYTES = 16
#: Says how long our own nginx may keep an answer: until the second ends in which it was
#: made, so that what was deleted is gone within one. nginx takes "1" for up to two.
FOR_NGINX = "X-Accel-Expires"
#: The size of a copy's headers, and of each of its parts, in bytes.
_BESIDES, _A_PART = 4_000, 50


@dataclass(frozen=True, slots=True)
class Copy:
    """A cached page: the response, and the one for clients that have it already.

    `tag` is the ETag that readers know, if it has one; `etag` is that of the cached
    bytes. `is_for_nginx` if our own nginx may keep it for others. `language` is the
    one that its placeholders are filled in.
    """

    etag: bytes
    tag: str
    headers: list[tuple[str, str]]
    headers_unchanged: list[tuple[str, str]]
    page: WithPlaceholders
    is_whole: bool
    is_for_nginx: bool
    language: str

    @classmethod
    def of(cls, found: CachedPage) -> Self:
        """Unpack what `pack` made."""
        head, body = (found.content or b"[[], []]\n").split(b"\n", 1)
        named, lengths = json.loads(head)
        headers = [(name, value) for name, value in named if name != FOR_NGINX]
        source = BytesIO(body)
        page = WithPlaceholders([source.read(length) for length in lengths])
        shown = {name.lower(): value for name, value in headers}
        is_whole = "text/html" not in shown.get("content-type", "")
        return cls(
            found.etag,
            shown.get("etag", "").removeprefix("W/").strip('"'),
            [*headers, ("Content-Length", str(len(body)))] if is_whole else headers,
            [(name, value) for name, value in headers if name not in _OF_BODIES],
            page,
            is_whole,
            len(headers) < len(named),
            shown.get("content-language", DEFAULT),
        )


def pack(response: Response) -> tuple[bytes, bytes]:
    """Pack an answer before it is filled: its ETag in the cache, and its bytes.

    The first line has the headers and the length of each part; the parts follow.
    """
    headers = [
        (name, value)
        for name, value in response.headers
        if not name.lower().startswith(_OWN_HEADERS)
    ]
    parts = WithPlaceholders.of(response).parts
    head = json.dumps([headers, [len(part) for part in parts]]).encode()
    content = b"".join([head, b"\n", *parts])
    etag = blake2b(content, digest_size=_DIGEST_BYTES).hexdigest()
    return etag.encode(), content


def until_this_second_ends() -> str:
    """Return the value of `FOR_NGINX` for an answer that is sent now."""
    return f"@{system_clock_ms() // 1_000}"


def size_of(copy: Copy) -> int:
    """Estimate the memory of a copy: some kB more than its bytes."""
    return _BESIDES + sum(len(part) + _A_PART for part in copy.page.parts)
