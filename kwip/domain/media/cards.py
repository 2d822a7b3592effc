"""Cards: the picture that other sites show of a link to one of our pages."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from hashlib import blake2b
from typing import ClassVar

#: In pixels, as OpenGraph readers expect it.
CARD_SIZE = (1200, 630)
_DIGEST_BYTES = 10


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says.

    Attributes:
        title: A name, or a hashtag.
        about: The line below it.
        text: The words; what does not fit is cut.
        site: The line at the lower end.
        picture: The name of an uploaded profile picture; empty for the default.
        letter: What the default has on it.
        colour: Its ground.
    """

    #: Raised when the drawing changes, so that cards get new addresses.
    VERSION: ClassVar = 1

    title: str
    about: str
    text: str
    site: str
    picture: str
    letter: str
    colour: str

    @property
    def digest(self) -> str:
        """What its address has of it: another card has another address."""
        told = repr((self.VERSION, astuple(self))).encode()
        return blake2b(told, digest_size=_DIGEST_BYTES).hexdigest()
