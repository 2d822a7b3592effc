"""Write a stream of an uploaded file into a new one: copied, or decoded and encoded."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

import av
from av.bitstream import BitStreamFilterContext

from kwip.services.media.child.frames import Scaler, even_size, tag_colours

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    Frame = TypeVar("Frame")

#: Video is encoded with at most so many pixels along a side, and frames a second.
MAX_EDGE, MAX_RATE = 1_280, 60
_SOUND_RATE, _SOUND_BITS_PER_S = 48_000, 128_000
#: Sound is late, and not only vaguely timed, if it is so late.
_GAP_S = Fraction(1, 10)
#: The clock of encoded video, as in most files.
_TICK = Fraction(1, 90_000)
_TICKS_BETWEEN_FRAMES = round(1 / (_TICK * (MAX_RATE + 1)))
#: Cameras note where they were in parts of H.264 that no decoder needs (SEI).
_WITHOUT_NOTES = {"h264": "filter_units=remove_types=6"}


class Track(Protocol):
    """Takes the packets of one stream; yields those of the new one."""

    def take(self, packet: Packet[Stream]) -> Iterator[Packet[Stream]]:
        """Take the next packet; the last one is empty."""


class Copied:
    """The same packets in a new file, without what cameras note in them."""

    def __init__(self, output: OutputContainer, source: VideoStream | AudioStream):
        self._target: Stream = output.add_stream_from_template(source, opaque=True)
        notes = _WITHOUT_NOTES.get(source.codec_context.name)
        self._filter = BitStreamFilterContext(notes, source) if notes else None

    def take(self, packet: Packet[Stream]) -> Iterator[Packet[Stream]]:
        """Take the next packet; the last one is empty."""
        if packet.size == 0:
            return
        for each in self._filter.filter(packet) if self._filter else [packet]:
            each.stream = self._target
            yield each


class EncodedVideo:
    """H.264, at most 1,280 pixels along a side and 60 frames a second, in BT.709.

    Args:
        output: Gets the new stream.
        source: Is decoded.
        rotation: Degrees counter-clockwise, by which players turn it.
        most_bits: The most bits a second.
    """

    def __init__(
        self,
        output: OutputContainer,
        source: VideoStream,
        rotation: int,
        most_bits: int,
    ):
        self._source = source
        # Each further thread keeps pictures of its own.
        source.codec_context.thread_count = 1
        size = even_size(shown_size(source), MAX_EDGE)
        options = {
            "preset": "veryfast",
            "crf": "23",
            "maxrate": str(most_bits),
            "bufsize": str(most_bits * 2),
            "x264-params": "threads=1:rc-lookahead=20",
        }
        self._target = output.add_stream("libx264", rate=MAX_RATE, options=options)
        self._target.width, self._target.height = size
        self._target.set_display_rotation(rotation)
        tag_colours(self._target)
        self._target.codec_context.time_base = _TICK
        self._scaler = Scaler(size)
        self._next_pts: int | None = None

    def take(self, packet: Packet[Stream]) -> Iterator[Packet[Stream]]:
        """Take the next packet; the last one is empty."""
        for frame in _decoded(self._source.decode, packet):
            yield from self._encode(frame)
        if packet.size == 0:
            yield from self._target.encode(None)

    def _encode(self, frame: VideoFrame) -> Iterable[Packet[Stream]]:
        if frame.pts is None or frame.time_base is None:
            return []
        pts = round(frame.pts * frame.time_base / _TICK)
        if self._next_pts is not None and pts < self._next_pts:
            return []
        self._next_pts = pts + _TICKS_BETWEEN_FRAMES
        scaled = self._scaler.scale(frame)
        scaled.pts, scaled.time_base = pts, _TICK
        scaled.pict_type = 0  # the encoder chooses, whatever the source did
        return self._target.encode(scaled)


class EncodedSound:
    """AAC or Opus, in stereo, or in mono if it was."""

    def __init__(
        self,
        output: OutputContainer,
        source: AudioStream,
        codec: Literal["aac", "libopus"],
    ):
        self._source = source
        layout = "mono" if source.codec_context.channels == 1 else "stereo"
        self._target: AudioStream = output.add_stream(codec, rate=_SOUND_RATE)
        self._next_pts: int | None = None
        context = self._target.codec_context
        context.layout = layout
        context.bit_rate = _SOUND_BITS_PER_S
        context.open()
        self._resampler = av.AudioResampler(
            context.format, layout, _SOUND_RATE, context.frame_size
        )

    def take(self, packet: Packet[Stream]) -> Iterator[Packet[Stream]]:
        """Take the next packet; the last one is empty."""
        for frame in _decoded(self._source.decode, packet):
            self._set_time(frame)
            yield from self._encode(frame)
        if packet.size == 0:
            yield from self._encode(None)
            yield from self._target.encode(None)

    def _set_time(self, frame: AudioFrame) -> None:
        """Let a frame follow the one before, unless there is a gap; files are vague."""
        tick = Fraction(1, frame.sample_rate)
        if frame.pts is not None and frame.time_base is not None:
            said = round(frame.pts * frame.time_base / tick)
            if self._next_pts is None or said > self._next_pts + _GAP_S / tick:
                self._next_pts = said
        frame.pts, frame.time_base = self._next_pts or 0, tick
        self._next_pts = frame.pts + frame.samples

    def _encode(self, frame: AudioFrame | None) -> Iterator[Packet[Stream]]:
        for resampled in self._resampler.resample(frame):
            yield from self._target.encode(resampled)


def shown_size(video: VideoStream) -> tuple[int, int]:
    """Return the size of a video before it is turned, with square pixels."""
    shape = video.sample_aspect_ratio or 1
    return max(round(video.width * shape), 1), video.height


def _decoded(
    decode: Callable[[Packet[Stream]], list[Frame]], packet: Packet[Stream]
) -> list[Frame]:
    """Decode a packet; a damaged one is left out, as in players."""
    try:
        return decode(packet)
    except av.error.InvalidDataError:
        return []
