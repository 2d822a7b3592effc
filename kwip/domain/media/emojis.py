"""Custom emoji: `:code:` in a text stands for a small picture of this site."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from kwip.domain.media.media import EMOJI, PictureFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: The longest side of a stored picture, in pixels.
EDGE = EMOJI.sizes[0][0]
#: The largest file that may be added, and the most emoji of a site: the set is read
#: and remembered as a whole.
MAX_BYTES, MOST = 256_000, 2_000
CATEGORY_MAX = 60
SHORTCODE = re.compile(r"[A-Za-z0-9_]{2,64}", re.ASCII)
#: A short code between colons: not within a word, and with no third colon beside it,
#: as in Mastodon. It begins with the colon, which is what a text is searched for.
PATTERN = r":(?<![^\W_]:)(?<!::)([A-Za-z0-9_]{2,64}):(?![^\W_]|:)"
_USED = re.compile(PATTERN)


@dataclass(frozen=True, slots=True)
class Emoji:
    """One custom emoji.

    Attributes:
        shortcode: What people write between two colons.
        picture: The name of its picture.
        still: The name of the picture without motion; the same unless it is animated.
        width: Of the picture, in pixels.
        height: The same.
        category: Under which it is offered; may be empty.
    """

    shortcode: str
    picture: str
    still: str
    width: int
    height: int
    category: str = ""

    @property
    def paths(self) -> set[str]:
        """Where its files are, below the media folder."""
        return {PictureFile(name, EDGE).path for name in (self.picture, self.still)}

    @property
    def is_animated(self) -> bool:
        """Whether the picture moves."""
        return self.picture != self.still


@dataclass(frozen=True, slots=True)
class EmojiSet:
    """All custom emoji of the site at one moment, by their short codes.

    `version` is drawn at random with each change; empty before the first one. Two sets
    with the same version are equal.
    """

    version: str = ""
    by_code: Mapping[str, Emoji] = field(
        default_factory=lambda: MappingProxyType({}), compare=False, repr=False
    )

    @classmethod
    def of(cls, version: str, emojis: Iterable[Emoji]) -> EmojiSet:
        """Make a set, sorted by category and short code."""
        ordered = sorted(emojis, key=lambda e: (e.category, e.shortcode.lower()))
        found = {each.shortcode: each for each in ordered}
        return cls(version, MappingProxyType(found))

    def __iter__(self) -> Iterator[Emoji]:
        """Iterate over the emoji, by category and short code."""
        return iter(self.by_code.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.by_code)

    def used_in(self, *texts: str) -> dict[str, Emoji]:
        """Return the emoji that plain texts contain, in their order."""
        if not self.by_code:
            return {}
        return {
            code: self.by_code[code]
            for text in texts
            if ":" in text
            for code in _USED.findall(text)
            if code in self.by_code
        }

    def starting_with(self, prefix: str, most: int) -> list[Emoji]:
        """Return emoji for the beginning of a short code, in any letter case.

        Those that only contain it come last.
        """
        prefix = prefix.lower()
        found = [each for each in self if prefix in each.shortcode.lower()]
        found.sort(key=lambda each: not each.shortcode.lower().startswith(prefix))
        return found[:most]


NO_EMOJIS = EmojiSet()
