"""Open uploaded pictures: detect the format, and refuse what is too large.

The format is detected from a file's content, whatever its name, and only six formats
are tried. The size is read from the header and limited before anything is decoded.
"""

from __future__ import annotations

import io
import struct
import zlib

from PIL import Image

from kwip.domain.messages import Message, lazy_gettext
from kwip.services.media.child.recognition import AVIF_BRANDS, HEIC_BRANDS, has_brand

#: Photos may be large: a baseline JPEG is decoded at a fraction of its size.
MAX_JPEG_PIXELS = 50_000_000
#: Phones store 24 megapixels as HEIC, which needs 9 bytes per pixel.
MAX_HEIC_PIXELS = 26_000_000
#: Other formats need up to 16 bytes per pixel.
MAX_PIXELS = 16_000_000
#: A progressive JPEG is kept in memory until its last scan, and each scan costs time.
MAX_SCANS, MAX_SCANNED_PIXELS = 100, 500_000_000

_JPEG_SCAN = b"\xff\xda"
_MEGA = 1_000_000
#: Formats whose frames follow each other.
_ANIMATED = frozenset({"GIF", "PNG", "WEBP"})
_AVIF, _HEIC = ("AVIF",), ("HEIF",)
_UNKNOWN = lazy_gettext(
    "This isn't a JPEG, PNG, GIF, WebP, AVIF or HEIC image. Choose another one."
)
_UNREADABLE = lazy_gettext(
    "This image can't be read. Choose another one, or save it as a JPEG."
)
#: What Pillow and its decoders raise for broken or malicious files. Out of memory, the
#: process ends.
BROKEN = (
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

    def __init__(self, message: Message):
        super().__init__(message)
        self.message = message


class UnknownFormatError(RefusedError):
    """A file is in none of the formats."""


def open_picture(content: bytes) -> Image.Image:
    """Read a file's header; decodes nothing.

    Raises:
        RefusedError: It is not a picture, or too large.
    """
    file = io.BytesIO(content)
    formats = _formats(content)
    try:
        image = Image.open(file, formats=formats)
    except BROKEN as error:
        if formats in {_AVIF, _HEIC}:
            raise RefusedError(_UNREADABLE) from error
        raise UnknownFormatError(_UNKNOWN) from error
    is_jpeg = image.format in {"JPEG", "MPO"}
    # Pillow has read up to the first scan; markers before it belong to thumbnails.
    scans = 1 + content.count(_JPEG_SCAN, file.tell()) if is_jpeg else 1
    pixels = image.width * image.height
    limit = _most_pixels(image, scans)
    if pixels > limit:
        raise RefusedError(
            lazy_gettext(
                "This image has %(number)s megapixels. "
                "The limit for its format is %(limit)s.",
                number=f"{pixels / _MEGA:,.0f}",
                limit=f"{limit / _MEGA:.0f}",
            )
        )
    if scans > MAX_SCANS or pixels * scans > MAX_SCANNED_PIXELS:
        raise RefusedError(
            lazy_gettext(
                "This image has too many progressive scans. "
                "Save it again as a normal JPEG."
            )
        )
    return image


def is_animated(image: Image.Image) -> bool:
    """Return whether a picture has several frames; a HEIC may have several pictures."""
    return image.format in _ANIMATED and bool(getattr(image, "is_animated", False))


def _formats(content: bytes) -> tuple[str, ...]:
    """Return the formats that a file may have, and import what decodes them.

    Decoders of AVIF and HEIC take memory and time to import. Pillow would import all
    of its formats to find one that is not among its first.
    """
    if has_brand(content, *AVIF_BRANDS):
        from PIL import AvifImagePlugin  # noqa: PLC0415 -- see above

        AvifImagePlugin.DEFAULT_MAX_THREADS = 1
        return _AVIF
    if has_brand(content, *HEIC_BRANDS):
        import pillow_heif  # noqa: PLC0415 -- see above

        pillow_heif.register_heif_opener(
            thumbnails=False, depth_images=False, aux_images=False, decode_threads=1
        )
        return _HEIC
    from PIL import WebPImagePlugin  # noqa: F401, PLC0415 -- see above

    return "JPEG", "PNG", "GIF", "WEBP"


def _most_pixels(image: Image.Image, scans: int) -> int:
    if image.format == "HEIF":
        return MAX_HEIC_PIXELS
    is_jpeg = image.format in {"JPEG", "MPO"}
    is_lean = is_jpeg and scans == 1 and image.mode != "CMYK"
    return MAX_JPEG_PIXELS if is_lean else MAX_PIXELS
