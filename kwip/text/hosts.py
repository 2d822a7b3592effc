"""Hosts: which there can be, which are registered names, and which are shown."""

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
#: Letters that are not taken for others: common Latin ones, or those of scripts that
#: look like nothing in Latin.
_CLEAR = regex.compile(
    r"[a-z0-9\u00df-\u00f6\u00f8-\u0130\u0132-\u0137\u0139-\u017e\u1ea0-\u1eff_-]++"
    rf"|(?:{UNSPACED}|[0-9-])++",
    regex.V1,
)
#: Scripts with letters that look like Latin ones are clear if there are no others.
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
    """Give the form in which a host is asked for; None if there can be none."""
    if len(host) > _MAX_HOST:
        return None
    try:
        name = host.lower() if host.isascii() else _encoded(host)
    except UnicodeError:
        return None
    labels = name.split(".")
    fits = len(name) <= _MAX_HOST and all(0 < len(x) <= _MAX_LABEL for x in labels)
    # idna has refused all else already; but this is what an href is made of.
    if not fits or not _ASCII.fullmatch(name):
        return None
    # Browsers take what ends in a number for an address, also an odd one.
    is_address = _NUMBER.fullmatch(labels[-1])
    return name if not is_address or _is_address(name) else None


def is_registered(name: str) -> bool:
    """Tell whether a host, in ASCII, lies below a public suffix of the Internet.

    Suffixes that only companies declare for their customers do not count.
    """
    return _suffixes().privatesuffix(name) is not None


def is_clear(host: str) -> bool:
    """Tell whether a host can be shown as it is written.

    It cannot if its letters might be taken for those of another host.
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


# 1 MB and 40 ms, for those processes alone that read texts.
@cache
def _suffixes() -> PublicSuffixList:
    """Read the list that the package brings along; it is never fetched."""
    return PublicSuffixList(accept_unknown=False, only_icann=True)
