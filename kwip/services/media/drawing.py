"""Decode what people upload: `python -m kwip.services.media.drawing`, a child process.

A file is taken for what is in it, whatever it is called; only four formats are tried.
Its size is read from its header and limited before anything is decoded. What is stored
is drawn anew, so that nothing of the file itself is kept: no place, no camera, no
second picture, no script.

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

#: What cameras make may be large: a JPEG of one pass is decoded at a fraction of it.
MAX_JPEG_PIXELS = 50_000_000
#: Others need up to 16 bytes for each pixel.
MAX_PIXELS = 16_000_000
#: Of a JPEG of many passes all is kept in memory until the last one, and each costs.
MAX_SCANS, MAX_SCANNED_PIXELS = 100, 500_000_000

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
_JPEG_SCAN = b"\xff\xda"
#: At this quality nobody sees a difference at the sizes of ours.
_QUALITY = 80
_MEGA = 1_000_000
#: What can be scaled as it is.
_SCALABLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
_ORIENTATION = 0x0112
#: How a picture gets upright, by what a camera says of how it was held.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: Orientations with which width and height are the other way round.
_ON_ITS_SIDE = range(5, 9)
#: Scale down in whole steps as long as three pixels are left for each.
_REDUCING_GAP = 3.0
#: One channel of 16 bits.
_DEEP = "I;16"
#: What Pillow and its decoders raise for files that are broken or meant to harm. Out
#: of memory, the process ends.
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
# We look at the size ourselves, with a lower limit and a better message.
Image.MAX_IMAGE_PIXELS = None


class RefusedError(Exception):
    """A file is no picture that can be used; the message says why."""


def answer(question: Mapping[str, Any], content: bytes) -> Answer:
    """Draw a file in the `sizes` of the question, or say why it is `refused`."""
    try:
        return {}, draw([(w, h) for w, h in question["sizes"]], content)
    except RefusedError as error:
        return {"refused": str(error)}, []


def draw(sizes: Sequence[Size], content: bytes) -> list[bytes]:
    """Draw a file in every size, the first of which is the largest; WebP.

    The middle is kept where the shape is another one. 40 to 300 ms of work for an
    ordinary photograph.

    Raises:
        RefusedError: It is no picture that can be used.
    """
    image = _open(content)
    try:
        with warnings.catch_warnings():
            # Of details that are not as they should be, which do not matter here.
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
    # Pillow has read up to the first pass; what is before has other pictures in it.
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
    """Decode a picture; give its middle in a size, upright, in 8-bit colours.

    Only the result is turned and converted, as far as that can be: copies of a whole
    picture are what takes memory.
    """
    orientation = _orientation(image)
    if orientation in _ON_ITS_SIDE:
        size = size[::-1]
    image.draft(None, size)  # a JPEG is decoded at a fraction of its size
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
    """Read how the camera was held, and nothing else of EXIF; 1 if that is broken."""
    exif = Image.Exif()
    try:
        # Not `getexif`, which would decode the whole of a PNG.
        exif.load(image.info.get("exif", b""))
        found = exif.get(_ORIENTATION)
    except _BROKEN:
        return 1
    return found if isinstance(found, int) else 1


def _middle(
    whole: tuple[int, int], shape: tuple[int, int]
) -> tuple[float, float, float, float]:
    """Give the largest box of a shape in the middle of a picture."""
    scale = min(whole[0] / shape[0], whole[1] / shape[1])
    width, height = shape[0] * scale, shape[1] * scale
    left, top = (whole[0] - width) / 2, (whole[1] - height) / 2
    # Rounding must not lead past the border.
    return left, top, min(left + width, whole[0]), min(top + height, whole[1])


def _encoded(image: Image.Image) -> bytes:
    """Write WebP with nothing in it but the picture."""
    target = io.BytesIO()
    image.save(target, "WEBP", quality=_QUALITY, exif=b"", icc_profile=None, xmp=b"")
    return target.getvalue()


if __name__ == "__main__":
    serve(answer)
