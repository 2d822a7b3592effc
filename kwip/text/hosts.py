"""Hosts: which are valid, which are registered names, and how they are shown."""

from __future__ import annotations

import unicodedata
from functools import cache
from ipaddress import AddressValueError, IPv4Address

import idna
import regex
from publicsuffixlist import PublicSuffixList

from kwip.text.scripts import UNSPACED

_MAX_HOST, _MAX_LABEL = 253, 63
_ASCII = regex.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_NUMBER = regex.compile(r"[0-9]+|0x[0-9a-f]*")
#: Letters that are not mistaken for others: common Latin ones, or those of scripts that
#: do not look like Latin.
_CLEAR = regex.compile(
    r"[a-z0-9\u00df-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u017e\u1ea0-\u1eff_-]++"
    rf"|(?:{UNSPACED}|[0-9-])++",
    regex.V1,
)
#: Scripts with letters that look like Latin are clear if they are the only script.
_ONE_SCRIPT = regex.compile(
    "|".join(
        rf"[\p{{scx={script}}}0-9.-]++"
        for script in (
            *("Cyrl", "Grek", "Armn", "Geor", "Hebr", "Arab", "Deva", "Beng"),
            *("Guru", "Gujr", "Taml", "Telu", "Knda", "Mlym", "Sinh", "Ethi"),
        )
    ),
    regex.V1,
)


def ascii_host(host: str) -> str | None:
    """Return a host in ASCII, as it is requested; None if it is invalid."""
    if len(host) > _MAX_HOST:
        return None
    try:
        name = host.lower() if host.isascii() else _encoded(host)
    except UnicodeError:
        return None
    labels = name.split(".")
    fits = len(name) <= _MAX_HOST and all(0 < len(x) <= _MAX_LABEL for x in labels)
    # idna has rejected everything else already; but this becomes part of an href.
    if not fits or not _ASCII.fullmatch(name):
        return None
    # Browsers take what ends in a number for an IP address, even an odd one.
    is_address = _NUMBER.fullmatch(labels[-1])
    return name if not is_address or _is_address(name) else None


def is_registered(name: str) -> bool:
    """Return whether a host, in ASCII, is below a public suffix of the Internet.

    Suffixes that companies declare for their customers do not count.
    """
    return _suffixes().privatesuffix(name) is not None


def is_clear(host: str) -> bool:
    """Return whether a host can be shown as it is written.

    It cannot if its letters could be mistaken for those of another host.
    """
    name = unicodedata.normalize("NFC", host).lower()
    labels = name.split(".")
    return all(map(_CLEAR.fullmatch, labels)) or bool(_ONE_SCRIPT.fullmatch(name))


def _encoded(host: str) -> str:
    return idna.encode(host, uts46=True).decode()


def _is_address(name: str) -> bool:
    try:
        IPv4Address(name)
    except AddressValueError:
        return False
    return True


# 1 MB and 40 ms, only for processes that parse texts.
@cache
def _suffixes() -> PublicSuffixList:
    """Read the list that comes with the package; it is never downloaded."""
    return PublicSuffixList(accept_unknown=False, only_icann=True)
