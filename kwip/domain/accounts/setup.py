"""The code that makes the first owner of a site."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets

#: How long a code is valid.
LIFETIME = dt.timedelta(days=1)
#: What a preparation says last when a code waits to be used.
WAITING = "waiting for the first administrator"
#: 32 characters that do not look alike: 80 bits in all.
_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUPS, _GROUP = 4, 4


def draw_code() -> str:
    """Draw a code that is easy to read out and to type."""
    groups = (
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP))
        for _ in range(_GROUPS)
    )
    return "-".join(groups)


def code_digest(code: str) -> str:
    """Return the SHA-256 of a code, however it was typed: what is stored of it."""
    plain = "".join(c for c in code.upper() if c.isalnum())
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()
