"""Decode uploaded pictures: `python -m kwip.services.media.decoding`, a child process.

The format is detected from a file's content, whatever its name; only four formats are
tried. The size is read from the header and limited before anything is decoded. What is
stored is encoded again, so nothing else of the file survives: no location, camera,
second picture or script.

A picture of `MAX_PIXELS` needs at most 250 MB (WebP; others 150 MB).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING, Any

from PIL import Image

from kwip.services.media.confined import serve

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.services.media.confined import Answer

    Size = tuple[int, int]

#: Photos may be large: a baseline JPEG is decoded at a fraction of its size.
MAX_JPEG_PIXELS = 50_000_000
#: Other formats need up to 16 bytes per pixel.
MAX_PIXELS = 16_000_000
#: A progressive JPEG is kept in memory until its last scan, and each scan costs time.
MAX_SCANS, MAX_SCANNED_PIXELS = 100, 500_000_000

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_JPEG_SCAN = b"\xff\xda"
#: At our sizes nobody sees a difference at this quality.
_QUALITY = 80
_MEGA = 1_000_000
#: Modes that can be scaled without conversion.
_SCALABLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
_ORIENTATION = 0x0112
#: How to turn a picture upright, by its EXIF orientation.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: Orientations that swap width and height.
_ON_ITS_SIDE = range(5, 9)
#: Scale down in whole steps while at least three pixels are left for each.
_REDUCING_GAP = 3.0
#: Modes with one channel of 16 bits.
_DEEP = "I;16"
#: What Pillow and its decoders raise for broken or malicious files. Out of memory, the
#: process ends.
_BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    RuntimeError,
    struct.error,
    zlib.error,
)
# We check the size ourselves, with a lower limit and a better message.
Image.MAX_IMAGE_PIXELS = None


class RefusedError(Exception):
    """A file is not a usable picture; the message says why."""


def answer(question: Mapping[str, Any], content: bytes) -> Answer:
    """Draw a file in the `sizes` of the question, or say why it is `refused`."""
    try:
        return {}, draw([(w, h) for w, h in question["sizes"]], content)
    except RefusedError as error:
        return {"refused": str(error)}, []


def draw(sizes: Sequence[Size], content: bytes) -> list[bytes]:
    """Draw a file in every size, the first of which is the largest; WebP.

    Crops to the centre if the shape differs. 40 to 300 ms for an ordinary photo.

    Raises:
        RefusedError: It is not a usable picture.
    """
    image = _open(content)
    try:
        with warnings.catch_warnings():
            # Pillow warns of malformed metadata, which does not matter here.
            warnings.simplefilter("ignore")
            whole = _fitted(image, sizes[0])
        drawn = [whole, *(whole.resize(size) for size in sizes[1:])]
        return [_encoded(each) for each in drawn]
    except _BROKEN as error:
        raise RefusedError(
            "This image is damaged or incomplete. Choose another one."
        ) from error


def _open(content: bytes) -> Image.Image:
    """Read a file's header, and refuse what is too large; decodes nothing."""
    file = io.BytesIO(content)
    try:
        image = Image.open(file, formats=_FORMATS)
    except _BROKEN as error:
        raise RefusedError(
            "This isn't a JPEG, PNG, GIF or WebP image. Choose another one."
        ) from error
    is_jpeg = image.format in {"JPEG", "MPO"}
    # Pillow has read up to the first scan; markers before it belong to thumbnails.
    scans = 1 + content.count(_JPEG_SCAN, file.tell()) if is_jpeg else 1
    is_lean = is_jpeg and scans == 1 and image.mode != "CMYK"
    limit = MAX_JPEG_PIXELS if is_lean else MAX_PIXELS
    pixels = image.width * image.height
    if pixels > limit:
        raise RefusedError(
            f"This image has {pixels / _MEGA:,.0f} megapixels. "
            f"The limit for its format is {limit / _MEGA:.0f}."
        )
    if scans > MAX_SCANS or pixels * scans > MAX_SCANNED_PIXELS:
        raise RefusedError(
            "This image has too many progressive scans. Save it again as a normal JPEG."
        )
    return image


def _fitted(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Decode a picture and return its centre in a size, upright, in 8-bit colours.

    Only the result is turned and converted where possible: copies of a whole picture
    are what takes memory.
    """
    orientation = _orientation(image)
    if orientation in _ON_ITS_SIDE:
        size = size[::-1]
    image.draft(None, size)  # decodes a JPEG at a fraction of its size
    if image.mode == _DEEP:
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode not in _SCALABLE or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small = image.resize(
        size, box=_middle(image.size, size), reducing_gap=_REDUCING_GAP
    )
    upright = small.convert("RGBA" if small.has_transparency_data else "RGB")
    if orientation in _TURNS:
        upright = upright.transpose(_TURNS[orientation])
    return upright


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation and nothing else; 1 if it is broken."""
    exif = Image.Exif()
    try:
        # Not `getexif`, which would decode a whole PNG.
        exif.load(image.info.get("exif", b""))
        found = exif.get(_ORIENTATION)
    except _BROKEN:
        return 1
    return found if isinstance(found, int) else 1


def _middle(
    whole: tuple[int, int], shape: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Return the largest box of a shape in the centre of a picture."""
    scale = min(whole[0] / shape[0], whole[1] / shape[1])
    width, height = shape[0] * scale, shape[1] * scale
    left, top = (whole[0] - width) / 2, (whole[1] - height) / 2
    # Rounding must not go past the edge.
    return left, top, min(left + width, whole[0]), min(top + height, whole[1])


def _encoded(image: Image.Image) -> bytes:
    """Encode a picture as WebP without metadata."""
    target = io.BytesIO()
    image.save(target, "WEBP", quality=_QUALITY, exif=b"", icc_profile=None, xmp=b"")
    return target.getvalue()


if __name__ == "__main__":
    serve(answer)
