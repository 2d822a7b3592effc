"""Uploaded pictures: their kinds, their sizes, the names of their files.

A picture is stored in each size of its kind. All sizes share one name, which is a hash
of all their contents: a file of that name never changes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

#: By which path nginx knows the stored files. Nobody can ask it for one from outside.
INTERNAL_PATH = "/_media"
#: 128 bits: two pictures never share a name.
_DIGEST_BYTES = 16
_FILE = re.compile(r"([0-9a-f]{32})-([0-9]{2,4})\.webp", re.ASCII)


@dataclass(frozen=True, slots=True)
class PictureKind:
    """What a picture is for, and its sizes (width and height), largest first."""

    name: str
    sizes: tuple[tuple[int, int], ...]


AVATAR = PictureKind("avatar", ((400, 400), (120, 120)))
BANNER = PictureKind("banner", ((1500, 500), (600, 200)))
#: Emoji keep their shape within these, and are never enlarged.
EMOJI = PictureKind("emoji", ((128, 128),))
#: The kind of a file, by its width.
KINDS = {width: kind for kind in (AVATAR, BANNER, EMOJI) for width, _ in kind.sizes}


@dataclass(frozen=True, slots=True)
class PictureFile:
    """One size of one picture, as a file."""

    picture: str
    width: int

    @classmethod
    def parse(cls, file_name: str) -> PictureFile | None:
        """Parse `<picture>-<width>.webp`; None if it cannot be ours."""
        match = _FILE.fullmatch(file_name)
        if match is None or int(match[2]) not in KINDS:
            return None
        return cls(match[1], int(match[2]))

    @property
    def kind(self) -> PictureKind:
        """What the picture is for."""
        return KINDS[self.width]

    @property
    def path(self) -> str:
        """The path below the media folder, and below `/media`.

        The folder is named by two digits, so that none gets too many files.
        """
        return f"{self.picture[:2]}/{self.picture}-{self.width}.webp"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A stored file that is being read; whoever gets it closes it."""

    path: str
    size: int
    content: IO[bytes]


def is_picture_name(name: str) -> bool:
    """Return whether a name is of an uploaded picture; `/static` paths have a dot."""
    return "." not in name


def picture_name(contents: Iterable[bytes]) -> str:
    """Return the name of a picture, from the bytes of all its sizes in order."""
    digest = blake2b(digest_size=_DIGEST_BYTES)
    for content in contents:
        digest.update(len(content).to_bytes(8, "big"))
        digest.update(content)
    return digest.hexdigest()
