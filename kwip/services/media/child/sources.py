"""Open uploaded videos and sounds with FFmpeg, and refuse what is too large.

The format is detected from a file's content, whatever its name. Only known demuxers
and decoders are tried, and none may open another file.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import av
from av.stream import Disposition

from kwip.domain.messages import lazy_gettext
from kwip.services.media.child.opening import RefusedError
from kwip.services.media.child.recognition import HEAD_BYTES, media_format

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.stream import Stream
    from av.video.stream import VideoStream

MAX_DURATION_S = 600
#: 4K, in both of its widths. A frame takes 13 MB, 26 with ten bits, some of them twice.
MAX_PIXELS = 4_096 * 2_176
_VIDEO_DECODERS = frozenset(
    {"h264", "hevc", "vp8", "vp9", "av1", "libdav1d", "mpeg4", "mpeg2video"}
    | {"mjpeg", "h263", "theora", "prores"}
)
_SOUND_DECODERS = frozenset(
    {"aac", "mp3", "mp3float", "opus", "libopus", "vorbis", "flac", "alac"}
    | {"ac3", "eac3", "amrnb", "pcm_mulaw", "pcm_alaw", "pcm_u8", "pcm_f32le"}
    | {"pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le"}
)
DAMAGED = lazy_gettext("This file is damaged or incomplete. Choose another one.")
_UNKNOWN = lazy_gettext(
    "This isn't a video or audio file that Kwip can read. "
    "Use MP4, MOV, WebM, MP3, M4A, OGG, FLAC or WAV."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An opened file, with the stream to show and the stream to play, if any."""

    container: InputContainer
    video: VideoStream | None
    sound: AudioStream | None

    @property
    def most_s(self) -> float:
        """How long it may play: as the file says, or else the limit."""
        known = self.container.duration
        return max(known / av.time_base, 1.0) if known else MAX_DURATION_S

    @property
    def start_s(self) -> float:
        """When the first of the streams begins, by the file's clock."""
        start = self.container.start_time
        return start / av.time_base if start else 0.0


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Open a file; decodes nothing.

    Raises:
        RefusedError: It is neither video nor sound, too long, or too large.
    """
    with path.open("rb") as file:
        demuxer = media_format(file.read(HEAD_BYTES))
        if demuxer is None:
            raise RefusedError(_UNKNOWN)
        file.seek(0)
        allowed = ",".join(sorted(_VIDEO_DECODERS | _SOUND_DECODERS))
        with av.open(
            file,
            "r",
            format=demuxer,
            options={"codec_whitelist": allowed},
            metadata_errors="replace",
            io_open=_open_nothing,
        ) as container:
            yield _checked(container)


def _open_nothing(*_: object) -> NoReturn:
    message = "an upload may not name other files"
    raise PermissionError(message)


def _checked(container: InputContainer) -> Source:
    videos = [s for s in container.streams.video if not _is_cover(s)]
    video = videos[0] if videos else None
    sound = next(iter(container.streams.audio), None)
    if video is None and sound is None:
        raise RefusedError(_UNKNOWN)
    require_duration((container.duration or 0) / av.time_base)
    if video is not None:
        _require_known(video, _VIDEO_DECODERS)
        _require_size(video)
    if sound is not None:
        _require_known(sound, _SOUND_DECODERS)
    return Source(container=container, video=video, sound=sound)


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & Disposition.attached_pic)


def _require_known(stream: Stream, decoders: frozenset[str]) -> None:
    if stream.codec_context.name not in decoders:
        raise RefusedError(_UNKNOWN)


def _require_size(video: VideoStream) -> None:
    width, height = video.codec_context.width, video.codec_context.height
    if not width or not height:
        raise RefusedError(DAMAGED)
    if width * height > MAX_PIXELS:
        raise RefusedError(
            lazy_gettext(
                "This video is %(width)s by %(height)s pixels. "
                "The limit is 4K (4096 by 2176).",
                width=width,
                height=height,
            )
        )


def require_duration(duration_s: float) -> None:
    """Refuse what takes longer than the limit."""
    if duration_s > MAX_DURATION_S + 1:
        raise RefusedError(
            lazy_gettext(
                "This file is %(number)s minutes long. The limit is %(limit)s minutes.",
                number=f"{duration_s / 60:.0f}",
                limit=MAX_DURATION_S // 60,
            )
        )
