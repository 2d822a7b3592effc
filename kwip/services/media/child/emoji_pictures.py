"""Scale pictures for custom emoji: a small WebP, and a still one if it moves.

Runs in `picture_child`.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from kwip.domain.messages import lazy_gettext
from kwip.services.media.child.opening import RefusedError, is_animated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

#: What an animation may hold: decoding takes up to 20 ns for each pixel of a frame, and
#: encoding up to 10 ms for each frame.
MAX_FRAMES, MAX_FRAMED_PIXELS = 200, 50_000_000
#: The largest animation that is stored.
MAX_STORED_BYTES = 512_000
FORMATS = frozenset({"PNG", "GIF", "WEBP"})
#: Browsers show a frame that has no time of its own, or next to none, for so long.
_NO_TIME_MS, _DEFAULT_MS = 10, 100
_QUALITY = 80
WRONG_FORMAT = lazy_gettext("Use a PNG, GIF or WebP image.")
_TOO_MUCH = lazy_gettext(
    "This animation is too long or too large. Use fewer or smaller frames."
)


def require_usable(image: Image.Image) -> None:
    """Check the format and the size of an animation; decodes nothing.

    Raises:
        RefusedError: It is not a PNG, GIF or WebP, or has too many or too large frames.
    """
    if image.format not in FORMATS:
        raise RefusedError(WRONG_FORMAT)
    if is_animated(image):
        frames = int(getattr(image, "n_frames", 1))
        pixels = image.width * image.height * frames
        if frames > MAX_FRAMES or pixels > MAX_FRAMED_PIXELS:
            raise RefusedError(_TOO_MUCH)


def shrink(image: Image.Image, size: tuple[int, int]) -> bytes:
    """Scale every frame of an animation; a WebP that repeats forever.

    Raises:
        RefusedError: The result is too large.
    """
    durations: list[int] = []
    first, *others = _frames(image, size, durations)
    target = io.BytesIO()
    first.save(
        target,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=durations,
        loop=0,
        quality=_QUALITY,
    )
    content = target.getvalue()
    if len(content) > MAX_STORED_BYTES:
        raise RefusedError(_TOO_MUCH)
    return content


def _frames(
    image: Image.Image, size: tuple[int, int], durations: list[int]
) -> Iterator[Image.Image]:
    for number in range(int(getattr(image, "n_frames", 1))):
        image.seek(number)
        image.load()
        duration_ms = round(image.info.get("duration", 0))
        durations.append(_DEFAULT_MS if duration_ms <= _NO_TIME_MS else duration_ms)
        yield image.convert("RGBA").resize(size)
