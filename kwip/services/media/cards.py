"""Draw the cards of links: a face, a name, and words, in PNG.

Everything on a card comes from here: no picture of another site is fetched, and the
profile picture was drawn by us when it was uploaded. One is drawn at a time, in 40 ms.
"""

from __future__ import annotations

import io
import unicodedata
from functools import lru_cache
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING

from kwip.domain.errors import KwipError
from kwip.domain.media.cards import CARD_SIZE
from kwip.domain.media.media import AVATAR, PictureFile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw
    from PIL.ImageFont import FreeTypeFont

    from kwip.domain.media.cards import Card
    from kwip.services.media.media import Media

#: Longer texts do not fit.
MAX_CHARS = 600
_GROUND, _TEXT, _QUIET, _ACCENT = "#fdfcfa", "#1f2422", "#656c68", "#0b6b58"
_MARGIN, _FACE, _TOP = 80, 132, 236
_WIDTH = CARD_SIZE[0] - 2 * _MARGIN
_SITE_AT = CARD_SIZE[1] - 88
#: Where the face is, and where if there are no words below it.
_HIGH, _MIDDLE = 64, 220
#: Sizes of the words with how many lines fit, the largest first.
_SIZES = ((60, 3), (44, 5))
_REGULAR, _BOLD = "SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"
#: A character that no font has.
_UNKNOWN = "\U0010ffff"
_ELLIPSIS = "…"


class Cards:
    """Draw cards."""

    def __init__(self, media: Media):
        self._media = media
        self._turn = Lock()

    def draw(self, card: Card) -> bytes:
        """Return a card as PNG."""
        with self._turn:
            return _draw(card, self._face(card.picture))

    def _face(self, name: str) -> bytes:
        """Read a profile picture; empty if there is none, or none that can be read."""
        if not name:
            return b""
        try:
            with self._media.open(
                PictureFile(name, AVATAR.sizes[0][0]).path
            ).content as f:
                return f.read()
        except KwipError:
            return b""


def _draw(card: Card, face: bytes) -> bytes:
    # Only now: it takes 11 MB, and many processes never draw a card.
    from PIL import Image, ImageDraw  # noqa: PLC0415

    image = Image.new("RGB", CARD_SIZE, _GROUND)
    pen = ImageDraw.Draw(image)
    pen.rectangle((0, 0, CARD_SIZE[0], 12), fill=_ACCENT)
    words = _writable(card.text[:MAX_CHARS])
    top = _HIGH if words else _MIDDLE
    _put_face(image, card, face, top)
    _put_name(pen, card, top)
    _put_words(pen, words)
    pen.text((_MARGIN, _SITE_AT), card.site, _ACCENT, _font(_BOLD, 32))
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _put_name(pen: ImageDraw, card: Card, top: int) -> None:
    """Write the title and the line below it, beside the face."""
    x, width = _MARGIN + _FACE + 36, _WIDTH - _FACE - 36
    title, bold = _writable(card.title[:MAX_CHARS]), _font(_BOLD, 52)
    if title:
        pen.text((x, top + 8), _cut(title, bold, width), _TEXT, bold)
    about, font = _writable(card.about[:MAX_CHARS]), _font(_REGULAR, 36)
    if about:
        y = top + (76 if title else 44)
        pen.text((x, y), _cut(about, font, width), _QUIET, font)


def _put_face(image: Image, card: Card, face: bytes, top: int) -> None:
    """Draw a round profile picture, or the letter that stands for one."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    # Four times as large, and then scaled: that smooths the edge.
    mask = Image.new("L", (_FACE * 4, _FACE * 4), 0)
    ImageDraw.Draw(mask).ellipse((0, 0, _FACE * 4 - 1, _FACE * 4 - 1), fill=255)
    if face:
        with Image.open(io.BytesIO(face), formats=("WEBP",)) as opened:
            drawn = opened.convert("RGB").resize((_FACE, _FACE))
    else:
        drawn = Image.new("RGB", (_FACE, _FACE), card.colour)
        middle = (_FACE / 2, _FACE / 2)
        pen = ImageDraw.Draw(drawn)
        pen.text(middle, card.letter, "white", _font(_BOLD, 72), anchor="mm")
    image.paste(drawn, (_MARGIN, top), mask.resize((_FACE, _FACE)))


def _put_words(pen: ImageDraw, text: str) -> None:
    """Write a text in the largest size in which it fits; its end may be cut."""
    size, lines = _arranged(text)
    font, leading = _font(_REGULAR, size), round(size * 1.3)
    for number, line in enumerate(lines):
        pen.text((_MARGIN, _TOP + number * leading), line, _TEXT, font)


def _arranged(text: str) -> tuple[int, list[str]]:
    """Return in which size a text is written, and its lines."""
    for size, most in _SIZES:
        lines = list(_lines(text, _font(_REGULAR, size), most + 1))
        if len(lines) <= most:
            return size, lines
    size, most = _SIZES[-1]
    font = _font(_REGULAR, size)
    lines = list(_lines(text, font, most))
    return size, [*lines[:-1], _cut(lines[-1] + _ELLIPSIS, font, _WIDTH)]


def _lines(text: str, font: FreeTypeFont, most: int) -> Iterator[str]:
    """Break a text into at most so many lines, within a word if there is no space."""
    given = 0
    for paragraph in text.splitlines():
        left = paragraph.strip()
        while left and given < most:
            line = _fitting(left, font, _WIDTH)
            yield line.rstrip()
            given += 1
            left = left[len(line) :].lstrip()


def _fitting(text: str, font: FreeTypeFont, width: int) -> str:
    """Return as much of the beginning of a text as fits, up to a space if possible."""
    if font.getlength(text) <= width:
        return text
    low, high = 1, len(text)
    while low < high:  # the longest that fits
        middle = (low + high + 1) // 2
        if font.getlength(text[:middle]) <= width:
            low = middle
        else:
            high = middle - 1
    space = text.rfind(" ", 0, low + 1)
    return text[:space] if space > 0 else text[:low]


def _cut(text: str, font: FreeTypeFont, width: int) -> str:
    """Shorten a line that is too long, with an ellipsis."""
    text = " ".join(text[:MAX_CHARS].split())
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(text + _ELLIPSIS) > width:
        text = text[:-1]
    return text.rstrip(" " + _ELLIPSIS) + _ELLIPSIS


def _writable(text: str) -> str:
    """Leave out the symbols that the font lacks; empty if it lacks letters.

    So a card shows no boxes: half a word would be worse than none.
    """
    text = unicodedata.normalize("NFC", text)
    lacking = {char for char in set(text) if not (char.isspace() or _has(char))}
    if any(unicodedata.category(char)[0] in "LMN" for char in lacking):
        return ""
    kept = "".join(char for char in text if char not in lacking)
    return "\n".join(" ".join(line.split()) for line in kept.splitlines())


@lru_cache(4_096)
def _has(char: str) -> bool:
    """Return whether the fonts have a character."""
    if unicodedata.category(char).startswith("C"):
        return False
    font = _font(_REGULAR, 36)
    return bytes(font.getmask(char)) != bytes(font.getmask(_UNKNOWN))


@lru_cache(16)
def _font(name: str, size: int) -> FreeTypeFont:
    from PIL import ImageFont  # noqa: PLC0415

    file = io.BytesIO((files("font_source_sans_pro") / "files" / name).read_bytes())
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)
