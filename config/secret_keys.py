"""The keys that sign cookies and form tokens: how they are read, and which are weak.

Anybody who knows or guesses a key can sign in as anybody. So a key must be random, and
common placeholders are rejected.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

SHORTEST = 32
#: A random key has more: 32 hexadecimal digits have 14 different ones on average.
_FEWEST_DIFFERENT = 8
#: Fewer than one in ten million random keys contain one of these.
_WORDS = (
    "changeit",
    "changeme",
    "changethis",
    "default",
    "example",
    "insecure",
    "letmein",
    "password",
    "placeholder",
    "qwerty",
    "replace",
    "secret",
)
#: From Flask's documentation, new and old; the SHA-256 and the MD5 of nothing.
_PUBLISHED = frozenset(
    {
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "5f352379324c22463451387a0aec5d2f",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "d41d8cd98f00b204e9800998ecf8427e",
    }
)

#: What to do about a weak key.
ADVICE = "use a random one, for example from `openssl rand -hex 32`"


class WeakKeyError(ValueError):
    """A key could be guessed; the message says why and what to do, without the key."""


def parse(text: str) -> tuple[str, ...]:
    """Parse keys separated by spaces, commas or line breaks.

    The first signs. The others are older ones, which are still accepted.

    Raises:
        WeakKeyError: One of them could be guessed, or there is none.
    """
    found = tuple(dict.fromkeys(re.findall(r"[^\s,]+", text)))
    for number, key in enumerate(found, start=1):
        if weakness := _weakness(key):
            which = f"key {number} of {len(found)}" if len(found) > 1 else "the key"
            raise WeakKeyError(f"{which} {weakness}: {ADVICE}")
    if not found:
        raise WeakKeyError(f"there is no key: {ADVICE}")
    return found


def only(text: str) -> str:
    """Parse a single key.

    Raises:
        WeakKeyError: It could be guessed, or there is none, or another one too.
    """
    found = parse(text)
    if len(found) > 1:
        raise WeakKeyError(f"there are {len(found)} keys: use one")
    return found[0]


def read(path: str) -> tuple[str, ...]:
    """Read the keys in a file.

    Raises:
        WeakKeyError: One of them could be guessed, or there is none.
        OSError: It cannot be read.
        UnicodeDecodeError: It is not text.
    """
    return parse(Path(path).expanduser().read_text(encoding="utf-8"))


def _weakness(key: str) -> str | None:
    """Return why a key could be guessed, if it could."""
    letters = re.sub(r"[^a-z0-9]", "", key.lower())
    if len(key) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if len(set(key)) < _FEWEST_DIFFERENT:
        return f"has fewer than {_FEWEST_DIFFERENT} different characters"
    if key.lower() in _PUBLISHED or any(word in letters for word in _WORDS):
        return "is well known"
    if any(key[n:] == key[:-n] for n in range(1, len(key) // 2 + 1)):
        return "repeats itself"
    neighbours = sum(abs(ord(a) - ord(b)) <= 1 for a, b in pairwise(key))
    return "is a sequence" if 3 * neighbours > 2 * len(key) else None
