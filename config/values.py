"""Parse what operators write into environment variables.

Each parser raises ValueError on a text that it cannot use.
"""

from __future__ import annotations

import ipaddress
import re
from email.utils import parseaddr
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


#: Instead of an origin: that of the site.
SAME = "same"

_NAME = re.compile("[a-z0-9-]{1,32}")
_BUCKET = re.compile("[A-Za-z0-9._-]{3,63}")
_FLAGS = (["0"], ["1"])
_MAIL_ADDRESS = re.compile("[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}")


def number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return a parser of whole numbers within these bounds."""

    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise ValueError(text)
        return int(text)

    return parse


def choice(*words: str) -> Callable[[str], str]:
    """Return a parser of one of `words`."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(text)
        return text

    return parse


def flag(text: str) -> bool:
    """Parse 1 or 0."""
    return {"1": True, "0": False}[text]


def folder(text: str) -> Path:
    """Parse the path of a folder, which may not exist, to an absolute path."""
    if "\0" in text or "\n" in text:
        raise ValueError(text)
    return Path(text).expanduser().resolve()


def program(text: str) -> Path:
    """Parse the path of a file that exists."""
    path = Path(text).expanduser().resolve()
    if not path.is_file():
        raise ValueError(text)
    return path


def address(text: str) -> str:
    """Parse an IP address."""
    return str(ipaddress.ip_address(text))


def origin(text: str) -> str:
    """Parse scheme, host and port; nothing may follow them."""
    parts = urlsplit(text)
    rest = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme not in {"http", "https"} or not parts.hostname or rest:
        raise ValueError(text)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = f":{parts.port}" if parts.port else ""  # `.port` raises on a bad one
    return f"{parts.scheme}://{host}{port}"


def folder_address(text: str) -> str:
    """Parse the address of a folder on the web; a slash at its end is left out."""
    parts = urlsplit(text)
    path = parts.path.rstrip("/")
    if parts.query or parts.fragment or not path.isascii() or " " in path:
        raise ValueError(text)
    return origin(f"{parts.scheme}://{parts.netloc}") + path


def origin_or_same(text: str) -> str:
    """Parse an origin, or the word for the site's own."""
    return SAME if text == SAME else origin(text)


def named_uris(*schemes: str) -> Callable[[str], dict[str, str]]:
    """Return a parser of comma-separated `name=URI` pairs; names are unique."""
    parse_one = uri(*schemes)

    def parse(text: str) -> dict[str, str]:
        pairs = [pair.strip().partition("=") for pair in text.split(",")]
        found = {name: parse_one(address) for name, _, address in pairs}
        if len(found) != len(pairs) or not all(map(_NAME.fullmatch, found)):
            raise ValueError(text)
        return found

    return parse


def name(text: str) -> str:
    """Parse a name of lower-case letters, digits and hyphens."""
    if _NAME.fullmatch(text) is None:
        raise ValueError(text)
    return text


def purge_uri(text: str) -> str:
    """Parse the word `purge`, or the URL of a webhook."""
    parts = urlsplit(text)
    is_url = parts.scheme in {"http", "https"} and parts.hostname
    if text != "purge" and (not is_url or parts.fragment or parts.port == 0):
        raise ValueError(text)
    return text


def bucket_uri(text: str) -> str:
    """Parse `s3://key:secret@host:port/bucket`; region and tls may follow `?`."""
    parts = urlsplit(text)
    options = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
    is_complete = parts.hostname and parts.username and parts.password
    if parts.scheme != "s3" or not is_complete or parts.port == 0:
        raise ValueError(text)
    if _BUCKET.fullmatch(parts.path.strip("/")) is None or parts.fragment:
        raise ValueError(text)
    if options.keys() - {"region", "tls"} or options.get("tls", ["1"]) not in _FLAGS:
        raise ValueError(text)
    return text


def smtp_uri(text: str) -> str:
    """Parse `smtp://user:password@host:port`; name and password are optional."""
    parts = urlsplit(text)
    rest = parts.path.strip("/") or parts.query or parts.fragment
    # One `@`: what hides the password ends at the first.
    is_ambiguous = parts.netloc.count("@") > 1 or not text.isascii()
    is_half = bool(parts.username) != bool(parts.password)
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or parts.port == 0:
        raise ValueError(text)
    if rest or is_ambiguous or is_half:
        raise ValueError(text)
    return text


def mail_address(text: str) -> str:
    """Parse an address of mail, with or without a name before it."""
    _, address = parseaddr(text)
    if not _MAIL_ADDRESS.fullmatch(address) or not text.isprintable():
        raise ValueError(text)
    return text


def bounce_address(text: str) -> str:
    """Parse a bare address whose local part leaves room for 53 more characters."""
    local, _, host = text.rpartition("@")
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,11}", local) or not host:
        raise ValueError(text)
    return mail_address(text)


def no_reply(known: Mapping[str, Any]) -> str:
    """Return an address at the host of the site."""
    host = urlsplit(known["origin"]).hostname or ""
    return f"no-reply@{host if ':' not in host else 'localhost'}"


def places(text: str) -> frozenset[tuple[str, int]]:
    """Parse comma-separated hosts, each with a port."""
    parts = [urlsplit(f"//{each.strip()}") for each in text.split(",")]
    found = {(each.hostname or "", each.port or 0) for each in parts}
    # A path, or a name before the host, is refused.
    written = {each.geturl()[2:].lower() for each in parts}
    if written != {f"{host}:{port}" for host, port in found} or not all(
        map(all, found)
    ):
        raise ValueError(text)
    return frozenset(found)


def uri(*schemes: str) -> Callable[[str], str]:
    """Return a parser of URIs with one of `schemes`."""

    def parse(text: str) -> str:
        parts = urlsplit(text)
        if parts.scheme not in schemes or not (parts.netloc or parts.path):
            raise ValueError(text)
        return text

    return parse
