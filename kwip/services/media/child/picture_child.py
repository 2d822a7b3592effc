"""Decode uploaded pictures in a child process.

Run as `python -m kwip.services.media.child.picture_child`.

What is stored is encoded again, so nothing else of the file survives: no location,
camera, second picture or script.

A picture of the most pixels needs at most 250 MB (WebP and HEIC; others 150 MB).
"""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import blurhash
from PIL import Image

from kwip.domain.messages import lazy_gettext
from kwip.services.media.child.confined import serve
from kwip.services.media.child.emoji_pictures import (
    WRONG_FORMAT,
    require_usable,
    shrink,
)
from kwip.services.media.child.opening import (
    BROKEN,
    RefusedError,
    UnknownFormatError,
    is_animated,
    open_picture,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.services.media.child.confined import Answer

    Size = tuple[int, int]
    Box = tuple[float, float, float, float]

#: At our sizes nobody sees a difference at this quality.
_QUALITY = 80
#: A blurhash shows a few patches of colour, so it is made from a tiny picture.
_PATCHES, _BLURRED_EDGE = (4, 3), 32
#: Modes that can be scaled without conversion.
_SCALABLE = frozenset({"L", "LA", "RGB", "RGBA", "CMYK"})
#: Modes whose colour profiles are applied, by the profiles' name for them.
_PROFILED = {"RGB": ("RGB", "RGBA"), "CMYK": ("CMYK",)}
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


def answer(question: Mapping[str, Any], content: bytes) -> Answer:
    """Draw a file in the `sizes` of the question, or scale it to an edge or several.

    Scaled to a `still_edge`, it is a still picture even if it is animated.

    If it cannot be used, the answer says why it is `refused`.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of malformed metadata, which does not matter here.
            warnings.simplefilter("ignore")
            if "edges" in question:
                return attach(question["edges"], content)
            if "emoji_edge" in question:
                return draw_emoji(question["emoji_edge"], content)
            if "still_edge" in question:
                image, edge = open_picture(content), question["still_edge"]
                return in_edges([edge], _scaled(image, within(edge, image.size)))
            return {}, draw([(w, h) for w, h in question["sizes"]], content)
    except RefusedError as error:
        return {"refused": error.message.parts}, []
    except BROKEN:
        why = lazy_gettext("This image is damaged or incomplete. Choose another one.")
        return {"refused": why.parts}, []


def draw(sizes: Sequence[Size], content: bytes) -> list[bytes]:
    """Draw a file in every size, the first of which is the largest; WebP.

    Crops to the centre if the shape differs. 40 to 300 ms for an ordinary photo.

    Raises:
        RefusedError: It is not a usable picture.
    """
    image = open_picture(content)
    whole = _scaled(image, sizes[0], is_cropped=True)
    drawn = [whole, *(whole.resize(size) for size in sizes[1:])]
    return [_encoded(each) for each in drawn]


def attach(edges: Sequence[int], content: bytes) -> Answer:
    """Scale a whole picture until no side is longer than an edge, for each; WebP.

    The first edge is the longest. A picture is never enlarged. The answer has the
    `sizes` of the parts and the `blurhash`. 0.4 s for 12 megapixels, 0.9 s for HEIC.

    The first part of an animated picture is a video, as long as its `duration_s`.

    Raises:
        RefusedError: It is not a usable picture.
    """
    image = open_picture(content)
    sizes, parts, duration_s = [], [], None
    if is_animated(image):
        # Its libraries take 25 MB, and few pictures need them.
        from kwip.services.media.child.animating import animate  # noqa: PLC0415

        video, size, duration_s = animate(image, edges[0])
        sizes, parts = [size], [video]
        image = open_picture(content)
    large = _scaled(image, within(edges[0], image.size))
    described, pictures = in_edges(edges, large)
    described["sizes"][:0] = sizes
    described["duration_s"] = duration_s
    return described, [*parts, *pictures]


def draw_emoji(edge: int, content: bytes) -> Answer:
    """Scale a whole picture until no side is longer than an edge; WebP.

    The answer has its new `size`. If it is animated, the first part is the animation
    and the second one is still.

    Raises:
        RefusedError: It is not a usable picture.
    """
    try:
        image = open_picture(content)
    except UnknownFormatError as error:
        raise RefusedError(WRONG_FORMAT) from error
    require_usable(image)
    size = within(edge, image.size)
    still = _encoded(_scaled(image, size))
    if not is_animated(image):
        return {"size": size}, [still]
    return {"size": size}, [shrink(open_picture(content), size), still]


def in_edges(
    edges: Sequence[int], large: Image.Image
) -> tuple[dict[str, Any], list[bytes]]:
    """Encode a picture that has the first edge, and smaller ones for the others.

    Returns their `sizes` and the `blurhash`, and each as WebP.
    """
    scaled = [large, *(large.resize(within(edge, large.size)) for edge in edges[1:])]
    sizes = [each.size for each in scaled]
    parts = [_encoded(each) for each in scaled]
    return {"sizes": sizes, "blurhash": _blurhash(scaled[-1])}, parts


def within(edge: int, size: Size) -> Size:
    """Return the size of a picture whose longer side is at most an edge."""
    scale = min(edge / max(size), 1)
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)


def _scaled(image: Image.Image, size: Size, *, is_cropped: bool = False) -> Image.Image:
    """Decode a picture in a size, upright, in 8-bit sRGB.

    Only the result is turned and converted where possible: copies of a whole picture
    are what takes memory. Cropping, the size is that of the upright picture.
    """
    orientation = _orientation(image)
    if is_cropped and orientation in _ON_ITS_SIDE:
        size = size[::-1]
    image.draft(None, size)  # decodes a JPEG at a fraction of its size
    image.load()
    profile = image.info.get("icc_profile")
    if image.mode == _DEEP:
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode not in _SCALABLE or "transparency" in image.info:
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    box = _middle(image.size, size) if is_cropped else None
    small = image.resize(size, box=box, reducing_gap=_REDUCING_GAP)
    if profile:
        small = _in_srgb(small, profile)
    upright = small.convert("RGBA" if small.has_transparency_data else "RGB")
    if orientation in _TURNS:
        upright = upright.transpose(_TURNS[orientation])
    return upright


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Convert a picture's colours by its profile; leave them if that is broken."""
    from PIL import ImageCms  # noqa: PLC0415 -- few pictures need it

    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if image.mode not in _PROFILED.get(source.profile.xcolor_space.strip(), ()):
            return image
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode=mode)
    except (*BROKEN, ImageCms.PyCMSError):
        return image
    return converted or image


def _orientation(image: Image.Image) -> int:
    """Read the EXIF orientation and nothing else; 1 if it is broken."""
    exif = Image.Exif()
    try:
        # Not `getexif`, which would decode a whole PNG.
        exif.load(image.info.get("exif", b""))
        found = exif.get(_ORIENTATION)
    except BROKEN:
        return 1
    return found if isinstance(found, int) else 1


def _middle(whole: Size, shape: Size) -> Box:
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


def _blurhash(image: Image.Image) -> str:
    """Return the blurhash of a picture, on white where it is transparent."""
    tiny = image.resize(within(_BLURRED_EDGE, image.size)).convert("RGBA")
    shown = Image.new("RGBA", tiny.size, "white")
    shown.alpha_composite(tiny)
    pixels = shown.convert("RGB").get_flattened_data()
    rows = [pixels[i : i + tiny.width] for i in range(0, len(pixels), tiny.width)]
    patches = _PATCHES if tiny.width >= tiny.height else _PATCHES[::-1]
    return str(blurhash.encode(rows, *patches))


if __name__ == "__main__":
    serve(answer)
