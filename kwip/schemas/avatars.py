"""Default profile pictures: the first letter of a username on a colour of its own.

They are drawn when they are asked for and stored nowhere. Their names say all that is
in them, so a picture never changes under its address.
"""

from __future__ import annotations

import re
from zlib import crc32

#: Raised when the drawing changes, so that pictures get new addresses.
_VERSION = 1
#: Grounds on which white can be read, as different from each other as twelve can be.
_COLOURS = (
    *("#0b6b58", "#2f6ea3", "#7b569b", "#a8504a", "#96661d", "#557a35"),
    *("#4c6978", "#a0476f", "#625bab", "#1d7587", "#85623f", "#65702a"),
)
_NAME = re.compile(r"(?P<version>\d)-(?P<colour>\d{1,2})-(?P<letter>[0-9a-z_])\.svg")


def name_of(username: str) -> str:
    """Return the file name of a user's default picture."""
    return f"{_VERSION}-{_place_of(username)}-{username[0]}.svg"


def colour_of(name: str) -> str:
    """Return the ground of a default picture, for other pictures than the SVG."""
    return _COLOURS[_place_of(name)]


def _place_of(name: str) -> int:
    return crc32(name.encode()) % len(_COLOURS)


def draw(name: str) -> str | None:
    """Return the SVG of a default picture; None if no user has one of this name."""
    found = _NAME.fullmatch(name)
    if found is None or int(found["version"]) != _VERSION:
        return None
    colour = int(found["colour"])
    if colour >= len(_COLOURS):
        return None
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96">'
        f'<path fill="{_COLOURS[colour]}" d="M0 0h96v96H0z"/>'
        '<text x="48" y="64" fill="#fff" font-family="system-ui,sans-serif" '
        'font-size="46" font-weight="600" text-anchor="middle">'
        f"{found['letter'].upper()}</text></svg>"
    )
