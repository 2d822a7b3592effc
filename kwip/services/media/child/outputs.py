"""Choose what an uploaded video or sound becomes, and write it.

What every browser plays is copied, the rest becomes H.264 and AAC. Titles, places,
subtitles and other data are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import av

from kwip.services.media.child.frames import is_high_range
from kwip.services.media.child.opening import RefusedError
from kwip.services.media.child.sources import DAMAGED, require_duration
from kwip.services.media.child.tracks import Copied, EncodedSound, EncodedVideo

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from av.container import OutputContainer
    from av.packet import Packet
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from kwip.services.media.child.sources import Source
    from kwip.services.media.child.tracks import Track

#: Copied video has at most this; 1,088 is how encoders store 1,080.
_COPIED_EDGE, _COPIED_PIXELS, _COPIED_RATE = 1_920, 1_920 * 1_088, 61
_COPIED_PIXEL_FORMATS = frozenset({"yuv420p", "yuvj420p"})
#: Encoded video has at most this; less if it would become larger than 90 MB.
_MOST_BITS_PER_S, _MOST_BITS = 4_000_000, 700_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """A kind of file.

    Attributes:
        muxer: What writes it.
        suffix: The suffix of its name.
        copied: The decoders of what it holds as it is.
        options: For the muxer.
        sound_encoder: What other sound becomes.
    """

    muxer: str
    suffix: str
    copied: frozenset[str]
    options: Mapping[str, str]
    sound_encoder: Literal["aac", "libopus"] = "aac"


_PLAIN = {"fflags": "+bitexact"}
_INDEX_FIRST = {"movflags": "+faststart", **_PLAIN}
_MP4 = Output(
    muxer="mp4",
    suffix="video.mp4",
    copied=frozenset({"h264", "aac"}),
    options=_INDEX_FIRST,
)
_WEBM = Output(
    muxer="webm",
    suffix="video.webm",
    copied=frozenset({"vp8", "vp9", "av1", "libdav1d", "opus", "libopus"}),
    options=_PLAIN,
    sound_encoder="libopus",
)
_M4A = Output(
    muxer="ipod",
    suffix="audio.m4a",
    copied=frozenset({"aac"}),
    options=_INDEX_FIRST,
)
_MP3 = Output(
    muxer="mp3",
    suffix="audio.mp3",
    copied=frozenset({"mp3", "mp3float"}),
    options={"id3v2_version": "0", **_PLAIN},
)
_OGG = Output(
    muxer="ogg",
    suffix="audio.ogg",
    copied=frozenset({"opus", "libopus", "vorbis"}),
    options=_PLAIN,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A frame of a video, and how many come each second.

    The rate is measured: recordings of browsers say 1,000.
    """

    frame: VideoFrame
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a file becomes, and whether its video is copied."""

    output: Output
    copies_video: bool


def plan(source: Source, sample: Sample | None) -> Plan:
    """Choose what a source becomes, from a sample of its video.

    Raises:
        RefusedError: It should have a video, but no frame of it can be decoded.
    """
    if source.video is None:
        return Plan(output=_for_sound(source), copies_video=False)
    if sample is None:
        raise RefusedError(DAMAGED)
    copies_video = _is_plain(source.video, sample)
    is_webm = copies_video and source.video.codec_context.name in _WEBM.copied
    return Plan(output=_WEBM if is_webm else _MP4, copies_video=copies_video)


def _for_sound(source: Source) -> Output:
    codec = source.sound.codec_context.name if source.sound else ""
    return next((o for o in (_MP3, _M4A, _OGG) if codec in o.copied), _M4A)


def _is_plain(video: VideoStream, sample: Sample) -> bool:
    """Return whether every browser plays a video, and every phone without effort."""
    frame = sample.frame
    codec = video.codec_context.name
    is_known = codec in _WEBM.copied or codec in _MP4.copied
    is_turned = frame.rotation and codec not in _MP4.copied  # WebM cannot say so
    return (
        is_known
        and not is_turned
        and not frame.interlaced_frame
        and not is_high_range(frame)
        and frame.format.name in _COPIED_PIXEL_FORMATS
        and max(frame.width, frame.height) <= _COPIED_EDGE
        and frame.width * frame.height <= _COPIED_PIXELS
        and sample.rate <= _COPIED_RATE
    )


def write(source: Source, chosen: Plan, rotation: int, path: Path) -> float:
    """Write a source into a new file; return how many seconds it plays.

    Raises:
        RefusedError: It is too long, or nothing of it can be used.
    """
    output = chosen.output
    end_s = 0.0
    with av.open(
        str(path), "w", format=output.muxer, container_options=dict(output.options)
    ) as written:
        tracks = _tracks(source, chosen, rotation, written)
        for packet in _packets(source, tracks):
            end_s = max(end_s, _end_s(packet))
            require_duration(end_s)
            for each in tracks[packet.stream.index].take(packet):
                written.mux(each)
    if not end_s:
        raise RefusedError(DAMAGED)
    return end_s


def _tracks(
    source: Source, chosen: Plan, rotation: int, written: OutputContainer
) -> dict[int, Track]:
    """Return the new streams, by the index of the old ones."""
    tracks: dict[int, Track] = {}
    if source.video is not None:
        if chosen.copies_video:
            tracks[source.video.index] = Copied(written, source.video)
        else:
            bits = min(_MOST_BITS_PER_S, int(_MOST_BITS / source.most_s))
            encoded = EncodedVideo(written, source.video, rotation, bits)
            tracks[source.video.index] = encoded
    if source.sound is not None:
        if source.sound.codec_context.name in chosen.output.copied:
            tracks[source.sound.index] = Copied(written, source.sound)
        else:
            track = EncodedSound(written, source.sound, chosen.output.sound_encoder)
            tracks[source.sound.index] = track
    return tracks


def _packets(source: Source, tracks: Mapping[int, Track]) -> Iterator[Packet[Stream]]:
    """Yield the packets of the streams that have a track, from time 0 on."""
    streams = [source.container.streams[index] for index in tracks]
    for packet in source.container.demux(streams):
        offset = round(source.start_s / packet.time_base)
        if packet.pts is not None:
            packet.pts -= offset
        if packet.dts is not None:
            packet.dts -= offset
        yield packet


def _end_s(packet: Packet[Stream]) -> float:
    starts = packet.dts if packet.pts is None else packet.pts
    if starts is None:
        return 0.0
    return float((starts + (packet.duration or 0)) * packet.time_base)
