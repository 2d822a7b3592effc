"""Turn animated pictures into silent videos: H.264 in MP4, which every browser plays.

Runs in `picture_child`. Pillow decodes the frames, since it knows what each leaves of
the one before; FFmpeg only encodes them. A GIF of 5 MB becomes 0.4 MB.
"""

from __future__ import annotations

import io
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from PIL import Image

from kwip.domain.messages import lazy_gettext
from kwip.services.media.child.frames import Scaler, even_size, tag_colours
from kwip.services.media.child.opening import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.container import OutputContainer
    from av.video.stream import VideoStream

#: A pixel of all frames takes up to 45 ns of processor time, and a frame 1 ms.
MAX_FRAMES, MAX_FRAMED_PIXELS = 2_000, 120_000_000
#: A frame is kept several times in memory.
MAX_FRAME_PIXELS = 4_000_000
MAX_BYTES = 15_000_000
MAX_DURATION_MS = 120_000
#: Browsers show a frame that has no time of its own, or next to none, for so long.
_NO_TIME_MS, _DEFAULT_MS = 10, 100
_MS = Fraction(1, 1_000)
#: Frames in order, so that the video begins at 0 and loops without a pause.
_ENCODING = {
    "preset": "veryfast",
    "crf": "23",
    "x264-params": "bframes=0:rc-lookahead=10:threads=1",
}
#: What the index of an MP4 takes, once and for each frame. The room is reserved at the
#: beginning, so that a browser can play the file while it loads.
_INDEX_BYTES, _INDEX_BYTES_PER_FRAME = 4_000, 40
_TOO_MUCH = lazy_gettext(
    "This animation is too long or too large. Upload it as a video instead."
)


def animate(image: Image.Image, edge: int) -> tuple[bytes, tuple[int, int], float]:
    """Make a video of an animated picture, no side of which is longer than an edge.

    Returns the MP4, its width and height, and its duration in seconds. Transparent
    pixels become white.

    Raises:
        RefusedError: It is too long or too large.
    """
    frames = int(getattr(image, "n_frames", 1))
    pixels = image.width * image.height
    if pixels > MAX_FRAME_PIXELS or pixels * frames > MAX_FRAMED_PIXELS:
        raise RefusedError(_TOO_MUCH)
    if frames > MAX_FRAMES:
        raise RefusedError(_TOO_MUCH)
    size = even_size(image.size, edge)
    target = io.BytesIO()
    index_bytes = _INDEX_BYTES + _INDEX_BYTES_PER_FRAME * frames
    options = {"moov_size": str(index_bytes), "fflags": "+bitexact"}
    with av.open(target, "w", format="mp4", container_options=options) as output:
        stream = _add_stream(output, size)
        duration_ms = _encode(_frames(image, frames), stream, output)
    content = target.getvalue()
    if len(content) > MAX_BYTES:
        raise RefusedError(_TOO_MUCH)
    return content, size, duration_ms / 1_000


def _add_stream(output: OutputContainer, size: tuple[int, int]) -> VideoStream:
    stream = output.add_stream("libx264", options=_ENCODING)
    stream.width, stream.height = size
    tag_colours(stream)
    stream.codec_context.time_base = _MS
    return stream


def _encode(
    frames: Iterator[tuple[Image.Image, int]],
    stream: VideoStream,
    output: OutputContainer,
) -> int:
    """Encode every frame; return how long they take together, in milliseconds."""
    scaler = Scaler((stream.width, stream.height))
    durations: deque[int] = deque()
    starts_at = 0
    for shown, duration_ms in frames:
        pixels = shown.tobytes("raw", "RGBX")
        frame = scaler.scale(av.VideoFrame.from_bytes(pixels, *shown.size))
        frame.pts, frame.time_base = starts_at, _MS
        durations.append(duration_ms)
        starts_at += duration_ms
        _write(stream, output, frame, durations)
    _write(stream, output, None, durations)
    return starts_at


def _write(
    stream: VideoStream,
    output: OutputContainer,
    frame: av.VideoFrame | None,
    durations: deque[int],
) -> None:
    for packet in stream.encode(frame):
        packet.duration = durations.popleft()  # else the last frame is too short
        output.mux(packet)


def _frames(image: Image.Image, count: int) -> Iterator[tuple[Image.Image, int]]:
    """Yield every frame, opaque, and how long it is shown.

    Raises:
        RefusedError: They take too long together.
    """
    left_ms = MAX_DURATION_MS
    for number in range(count):
        image.seek(number)
        image.load()
        duration_ms = round(image.info.get("duration", 0))
        if duration_ms <= _NO_TIME_MS:
            duration_ms = _DEFAULT_MS
        left_ms -= duration_ms
        if left_ms < 0:
            raise RefusedError(_TOO_MUCH)
        yield _opaque(image), duration_ms


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image.convert("RGB")
    frame = image.convert("RGBA")
    canvas = Image.new("RGB", frame.size, "white")
    canvas.paste(frame, mask=frame)
    return canvas
