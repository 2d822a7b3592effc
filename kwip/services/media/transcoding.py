"""Transcode uploads: `python -m kwip.services.media.transcoding`, a child process.

A video or sound is written into a new file, and a video gets a poster from a second
after its beginning.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
from PIL import Image

from kwip.services.media.confined import serve
from kwip.services.media.decoding import in_edges, within
from kwip.services.media.frames import Scaler, even_size
from kwip.services.media.opening import BROKEN, RefusedError
from kwip.services.media.outputs import plan, write
from kwip.services.media.sources import DAMAGED, opened
from kwip.services.media.tracks import MAX_EDGE, shown_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from av.video.frame import VideoFrame

    from kwip.services.media.confined import Answer
    from kwip.services.media.outputs import Plan
    from kwip.services.media.sources import Source

    Size = tuple[int, int]

#: The priority of the process: pages do not wait for it.
_NICENESS = 10
#: When the poster is shown, and the most frames before it.
_POSTER_S, _POSTER_FRAMES = 1.0, 120
_TOO_LARGE = "This file gets too large when converted. Choose a shorter one."
_POSTERS = ("large.webp", "small.webp")
#: How to turn a picture by some degrees counter-clockwise.
_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def answer(question: Mapping[str, Any], _: bytes) -> Answer:
    """Transcode the file at `path` into the `folder`, with a poster for each edge.

    The answer may say why the file is `refused`, or that the disk `is_full`.
    """
    path, folder = Path(question["path"]), Path(question["folder"])
    try:
        return _transcode(path, folder, question["edges"]), []
    except RefusedError as error:
        return {"refused": str(error)}, []
    except MemoryError:
        raise  # FFmpeg's too: the process ends, as for every decoder
    except (*BROKEN, av.FFmpegError) as error:
        number = getattr(error, "errno", None)
        if number == errno.ENOSPC:
            return {"is_full": True}, []
        return {"refused": _TOO_LARGE if number == errno.EFBIG else DAMAGED}, []


def _transcode(path: Path, folder: Path, edges: Sequence[int]) -> dict[str, Any]:
    with opened(path) as source:
        frame = _poster_frame(source)
        rotation = _rotation(frame)
        chosen = plan(source, frame)
        shown = _shown(source, chosen, rotation)
        if frame is not None:
            shown |= _write_posters(source, frame, folder, edges)
    with opened(path) as source:
        suffix = chosen.output.suffix
        shown["duration_s"] = write(source, chosen, rotation, folder / suffix)
    return shown


def _poster_frame(source: Source) -> VideoFrame | None:
    """Return a frame from near the beginning, as it is stored."""
    found = None
    if source.video is not None:
        source.video.codec_context.thread_count = 1
        frames = source.container.decode(source.video)
        for found, _ in zip(frames, range(_POSTER_FRAMES), strict=False):
            if (found.time or 0) - source.start_s >= _POSTER_S:
                break
    return found


def _rotation(frame: VideoFrame | None) -> int:
    """Return by how many degrees counter-clockwise a video is turned."""
    return 0 if frame is None else round(frame.rotation / 90) * 90 % 360


def _shown(source: Source, chosen: Plan, rotation: int) -> dict[str, Any]:
    if source.video is None:
        names = [chosen.output.suffix]
        nothing = {"size": (0, 0), "small": (0, 0), "blurhash": None}
        return {"kind": "audio", "names": names, **nothing}
    size = shown_size(source.video)
    if not chosen.copies_video:
        size = even_size(size, MAX_EDGE)
    names = [chosen.output.suffix, *_POSTERS]
    return {"kind": "video", "names": names, "size": _turned(size, rotation)}


def _turned(size: Size, rotation: int) -> Size:
    return size[::-1] if rotation in {90, 270} else size


def _write_posters(
    source: Source, frame: VideoFrame, folder: Path, edges: Sequence[int]
) -> dict[str, Any]:
    size = shown_size(source.video) if source.video else (frame.width, frame.height)
    size = within(edges[0], size)
    [plane] = (Scaler(size, "rgb24").scale(frame)).planes
    image = Image.frombytes("RGB", size, bytes(plane), "raw", "RGB", plane.line_size)
    rotation = _rotation(frame)
    if rotation in _TURNS:
        image = image.transpose(_TURNS[rotation])
    described, posters = in_edges(edges, image)
    for name, content in zip(_POSTERS, posters, strict=True):
        (folder / name).write_bytes(content)
    return {"small": described["sizes"][-1], "blurhash": described["blurhash"]}


if __name__ == "__main__":
    os.nice(_NICENESS)
    serve(answer)
