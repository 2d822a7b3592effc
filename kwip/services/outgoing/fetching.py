"""Requests to other sites, with the one guard that all of them share.

Only http and https, only to public addresses on the usual ports, at most three
redirects, each of them checked; no cookies, no proxy; limits on time, size and type.
"""

from __future__ import annotations

import http.client
import ssl
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote, urljoin, urlsplit, urlunsplit

from kwip.services.outgoing.connections import Deadline, FetchError, Place, connected
from kwip.services.outgoing.patience import Patience, SlowHosts
from kwip.services.outgoing.public_addresses import is_elsewhere
from kwip.text.hosts import ascii_host

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from urllib.parse import SplitResult

MAX_REDIRECTS = 3
MAX_URL_CHARS = 2_000
_PORTS = {"http": 80, "https": 443}
#: For the status and the headers, besides the body.
_HEAD_BYTES = 100_000
_PIECE_BYTES = 65_536
#: Longer names of a copy are not sent back.
_COPY_CHARS = 500
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: Answers after which it may help to try again.
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504})
_GZIP = zlib.MAX_WBITS | 16
#: What may stand in an address as it is; the rest is written in percent.
_SAFE = "/?%:@!$&'()*+,;=-._~[]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How large an answer of a type may be; if it `may_be_cut`, the rest is left."""

    max_bytes: int
    may_be_cut: bool = False


@dataclass(frozen=True, slots=True)
class Copy:
    """By what a server knows the answer that we have of it: its ETag, its date."""

    etag: str = ""
    modified: str = ""


NO_COPY = Copy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An answer: where it came from after redirects, its type, and its content.

    If it `is_same` as the copy that was named, it has no content.
    """

    url: str
    media_type: str = ""
    charset: str | None = None
    content: bytes = b""
    copy: Copy = NO_COPY
    is_same: bool = False


@dataclass(frozen=True, slots=True)
class _Accepted:
    """What is accepted as an answer, and what is there already."""

    limits: Mapping[str, Limit]
    copy: Copy


@dataclass(frozen=True, slots=True)
class Answered:
    """How a site answered a POST: the status, and when to try again, if it said so."""

    status: int
    retry_after: str


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetch addresses, and post to them.

    Attributes:
        user_agent: What we say we are.
        allowed: Hosts with ports that may be in our own network or on other ports.
        timeout_s: How long a request may take, redirects included; less while many
            hosts are slow.
        slow: Hosts that took longer a moment ago.
        patience: How long all slow requests may take together.
    """

    user_agent: str
    allowed: frozenset[tuple[str, int]] = frozenset()
    timeout_s: float = 10.0
    slow: SlowHosts = field(default_factory=SlowHosts)
    patience: Patience = field(default_factory=Patience)

    def get(
        self, url: str, limits: Mapping[str, Limit], copy: Copy = NO_COPY
    ) -> Fetched:
        """Fetch an address; `limits` are by the start of the media type.

        With a `copy`, the server may answer that nothing has changed since.

        Raises:
            FetchError: It may not be fetched, cannot be, or is of another type.
        """
        with self.patience.granted(self.timeout_s) as timeout_s:
            return self._follow(url, _Accepted(limits, copy), Deadline(timeout_s))

    def post(self, url: str, headers: Mapping[str, str], content: bytes) -> Answered:
        """Post to an address, by https only; a redirect is an answer like others.

        Raises:
            FetchError: It may not be requested, or does not answer.
        """
        parts, place = self._checked_endpoint(url)
        with (
            self.patience.granted(self.timeout_s) as timeout_s,
            self._unless_slow(place),
            connected(
                place,
                Deadline(timeout_s),
                most_bytes=_HEAD_BYTES,
                is_allowed=(place.host, place.port) in self.allowed,
            ) as connection,
        ):
            client = http.client.HTTPConnection(place.host, place.port)
            client.sock = connection
            client.putrequest(
                "POST", _target(parts), skip_host=True, skip_accept_encoding=True
            )
            own = {
                "Host": _host_header(parts, place),
                "User-Agent": self.user_agent,
                "Content-Length": str(len(content)),
                "Connection": "close",
            }
            for name, value in (own | dict(headers)).items():
                client.putheader(name, value)
            client.endheaders(content)
            response = client.getresponse()
            return Answered(response.status, response.getheader("Retry-After") or "")

    def check_endpoint(self, url: str) -> None:
        """Check that an address may be requested, and by https, as far as it says.

        Raises:
            FetchError: It may not.
        """
        self._checked_endpoint(url)

    def _checked_endpoint(self, url: str) -> tuple[SplitResult, Place]:
        parts, place = self._checked(url)
        is_allowed = (place.host, place.port) in self.allowed
        # What a name leads to is only known when it is resolved.
        if not is_allowed and (not place.is_tls or is_elsewhere(place.host)):
            raise FetchError("refused")
        return parts, place

    @contextmanager
    def _unless_slow(self, place: Place) -> Iterator[None]:
        """Raise what goes wrong in the block; leave a slow host alone for a while.

        Raises:
            FetchError: It went wrong, or the host was slow a moment ago.
        """
        if self.slow.has(place.host):
            raise FetchError("timeout", is_transient=True)
        try:
            with _explained():
                yield
        except FetchError as error:
            if error.outcome == "timeout":
                self.slow.add(place.host)
            raise

    def _follow(self, url: str, accepted: _Accepted, deadline: Deadline) -> Fetched:
        for _ in range(MAX_REDIRECTS + 1):
            parts, place = self._checked(url)
            with self._unless_slow(place):
                found = self._get(url, parts, place, accepted, deadline)
            if isinstance(found, Fetched):
                return found
            url = found
        raise FetchError("redirects")

    def _get(
        self,
        url: str,
        parts: SplitResult,
        place: Place,
        accepted: _Accepted,
        deadline: Deadline,
    ) -> Fetched | str:
        """Request one address; return the answer, or the address it redirects to."""
        most = max(limit.max_bytes for limit in accepted.limits.values()) + _HEAD_BYTES
        is_allowed = (place.host, place.port) in self.allowed
        with connected(
            place, deadline, most_bytes=most, is_allowed=is_allowed
        ) as connection:
            client = http.client.HTTPConnection(place.host, place.port)
            client.sock = connection
            client.putrequest(
                "GET", _target(parts), skip_host=True, skip_accept_encoding=True
            )
            for name, value in self._headers(parts, place, accepted).items():
                client.putheader(name, value)
            client.endheaders()
            response = client.getresponse()
            if response.status in _REDIRECTS:
                return _redirected(url, response)
            return _answer(url, response, accepted)

    def _checked(self, url: str) -> tuple[SplitResult, Place]:
        """Return where an address leads, if it may be requested.

        Raises:
            FetchError: It may not.
        """
        try:
            parts = urlsplit(url)
            port = parts.port or _PORTS[parts.scheme]
            host = _host(parts.hostname or "")
        except (ValueError, KeyError) as error:
            raise FetchError("refused") from error
        is_usual = port in _PORTS.values() or (host, port) in self.allowed
        if not is_usual or "@" in parts.netloc or len(url) > MAX_URL_CHARS:
            raise FetchError("refused")
        return parts, Place(host, port, parts.scheme == "https")

    def _headers(
        self, parts: SplitResult, place: Place, accepted: _Accepted
    ) -> dict[str, str]:
        types = (f"{name}*" if name.endswith("/") else name for name in accepted.limits)
        known = {
            "If-None-Match": accepted.copy.etag,
            "If-Modified-Since": accepted.copy.modified,
        }
        return {name: said for name, said in known.items() if said} | {
            "Host": _host_header(parts, place),
            "User-Agent": self.user_agent,
            "Accept": ", ".join(types),
            "Accept-Encoding": "gzip",
            "Connection": "close",
        }


@contextmanager
def _explained() -> Iterator[None]:
    """Raise what can go wrong with a request as a FetchError."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise FetchError("certificate") from error
    except TimeoutError as error:
        raise FetchError("timeout", is_transient=True) from error
    except (OSError, http.client.HTTPException, ValueError, zlib.error) as error:
        raise FetchError("unreachable", is_transient=True) from error


def _host(name: str) -> str:
    """Return a host as it is resolved.

    Raises:
        ValueError: It is invalid.
    """
    host = name if ":" in name else ascii_host(name)  # an IPv6 address, else a name
    if not host or "%" in host:
        raise ValueError(name)
    return host


def _host_header(parts: SplitResult, place: Place) -> str:
    host = f"[{place.host}]" if ":" in place.host else place.host
    is_usual = place.port == _PORTS[parts.scheme]
    return host if is_usual else f"{host}:{place.port}"


def _target(parts: SplitResult) -> str:
    """Return what is requested of a host: the path and the query."""
    target = urlunsplit(("", "", parts.path or "/", parts.query, ""))
    return quote(target, safe=_SAFE)


def _redirected(url: str, response: http.client.HTTPResponse) -> str:
    # Header fields are read as Latin-1, but many sites send UTF-8.
    location = response.getheader("Location") or ""
    location = location.encode("latin-1", "replace").decode("utf-8", "replace")
    if not location:
        raise FetchError("status")
    return urljoin(url, location.strip())


def _answer(
    url: str, response: http.client.HTTPResponse, accepted: _Accepted
) -> Fetched:
    """Read an answer.

    Raises:
        FetchError: It is an error, of another type, or too large.
    """
    if response.status == HTTPStatus.NOT_MODIFIED and accepted.copy != NO_COPY:
        return Fetched(url=url, copy=accepted.copy, is_same=True)
    if response.status == HTTPStatus.GONE:
        raise FetchError("gone")
    if response.status != HTTPStatus.OK:
        raise FetchError("status", is_transient=response.status in _TRANSIENT)
    header = Message()
    header["Content-Type"] = response.getheader("Content-Type") or ""
    media_type = header.get_content_type()
    limit = next(
        (x for name, x in accepted.limits.items() if media_type.startswith(name)), None
    )
    encoding = (response.getheader("Content-Encoding") or "identity").lower()
    if limit is None or encoding not in {"identity", "gzip", "x-gzip"}:
        raise FetchError("type")
    content = _body(response, limit, is_compressed=encoding != "identity")
    charset = header.get_content_charset()
    return Fetched(
        url=url,
        media_type=media_type,
        charset=charset,
        content=content,
        copy=Copy(_said(response, "ETag"), _said(response, "Last-Modified")),
    )


def _said(response: http.client.HTTPResponse, name: str) -> str:
    """Return a header that can be sent back, or ""."""
    value = response.getheader(name) or ""
    is_usable = value.isascii() and value.isprintable()
    return value if is_usable and len(value) <= _COPY_CHARS else ""


def _body(
    response: http.client.HTTPResponse, limit: Limit, *, is_compressed: bool
) -> bytes:
    """Read a body until its limit, which also holds for what was compressed."""
    opened = zlib.decompressobj(_GZIP) if is_compressed else None
    content = bytearray()
    while len(content) <= limit.max_bytes and (piece := response.read(_PIECE_BYTES)):
        room = limit.max_bytes + 1 - len(content)
        content += opened.decompress(piece, room) if opened else piece
    if len(content) > limit.max_bytes and not limit.may_be_cut:
        raise FetchError("too_large")
    return bytes(content[: limit.max_bytes])
