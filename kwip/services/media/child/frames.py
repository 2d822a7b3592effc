"""Scale frames, and convert them to the colours of ordinary video."""

from __future__ import annotations

from typing import TYPE_CHECKING

from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    VideoReformatter,
)

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

#: Brightness of high dynamic range. Shown as it is, it looks pale.
_HIGH_RANGE = frozenset({int(ColorTrc.SMPTE2084), int(ColorTrc.ARIB_STD_B67)})
#: What files mean that do not say which colours they have.
_UNSPECIFIED, _HD_HEIGHT = 2, 720


def even_size(size: tuple[int, int], edge: int) -> tuple[int, int]:
    """Return the size of a video with no side longer than an edge, never enlarged.

    Sides are even, because colours are stored for every second pixel only.
    """
    scale = min(edge / max(size), 1)
    width, height = (max(round(side * scale) // 2 * 2, 2) for side in size)
    return width, height


def tag_colours(stream: VideoStream) -> None:
    """Say in a new stream that its colours are those that `Scaler` makes."""
    context = stream.codec_context
    context.pix_fmt = "yuv420p"
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709


def is_high_range(frame: VideoFrame) -> bool:
    """Return whether a frame is brighter than ordinary screens."""
    return frame.color_trc in _HIGH_RANGE


class Scaler:
    """Scale frames to a size, in the colours of BT.709, for an encoder or as RGB."""

    def __init__(self, size: tuple[int, int], pixels: str = "yuv420p"):
        self._size = size
        self._pixels = pixels
        self._range = ColorRange.JPEG if pixels == "rgb24" else ColorRange.MPEG
        self._first, self._second = VideoReformatter(), VideoReformatter()

    def scale(self, frame: VideoFrame) -> VideoFrame:
        """Return a frame in the size and colours, with the time of the original.

        For the first frame of high dynamic range it computes 3 s, for a table.
        """
        if is_high_range(frame):
            # Colours take longer than sizes, so there should be few pixels left.
            small = self._first.reformat(frame, *self._size, threads=1)
            return self._convert(small, ColorTrc.BT709, ColorPrimaries.BT709)
        return self._convert(frame)

    def _convert(
        self,
        frame: VideoFrame,
        trc: ColorTrc | None = None,
        primaries: ColorPrimaries | None = None,
    ) -> VideoFrame:
        is_hd = frame.colorspace == _UNSPECIFIED and frame.height >= _HD_HEIGHT
        return self._second.reformat(
            frame,
            *self._size,
            self._pixels,
            src_colorspace=Colorspace.ITU709 if is_hd else None,
            dst_colorspace=None if self._pixels == "rgb24" else Colorspace.ITU709,
            dst_color_range=self._range,
            dst_color_trc=trc,
            dst_color_primaries=primaries,
            threads=1,
        )
