"""Transcode uploads in a child process.

Run as `python -m kwip.services.media.child.video_child`.

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

from kwip.domain.messages import lazy_gettext
from kwip.services.media.child.confined import serve
from kwip.services.media.child.frames import Scaler, even_size
from kwip.services.media.child.opening import BROKEN, RefusedError
from kwip.services.media.child.outputs import Sample, plan, write
from kwip.services.media.child.picture_child import in_edges, within
from kwip.services.media.child.sources import DAMAGED, opened
from kwip.services.media.child.tracks import MAX_EDGE, shown_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.services.media.child.confined import Answer
    from kwip.services.media.child.outputs import Plan
    from kwip.services.media.child.sources import Source

    Size = tuple[int, int]

#: The priority of the process: pages do not wait for it.
_NICENESS = 10
#: When the poster is shown, and the most frames before it.
_POSTER_S, _POSTER_FRAMES = 1.0, 120
_TOO_LARGE = lazy_gettext(
    "This file gets too large when converted. Choose a shorter one."
)
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
        return {"refused": error.message.parts}, []
    except MemoryError:
        raise  # FFmpeg's too: the process ends, as for every decoder
    except (*BROKEN, av.FFmpegError) as error:
        number = getattr(error, "errno", None)
        if number == errno.ENOSPC:
            return {"is_full": True}, []
        why = _TOO_LARGE if number == errno.EFBIG else DAMAGED
        return {"refused": why.parts}, []


def _transcode(path: Path, folder: Path, edges: Sequence[int]) -> dict[str, Any]:
    with opened(path) as source:
        sample = _sample(source)
        rotation = _rotation(sample)
        chosen = plan(source, sample)
        shown = _shown(source, chosen, rotation)
        if sample is not None:
            image = _upright(source, sample, edges[0])
            shown |= _write_posters(image, folder, edges)
    with opened(path) as source:
        suffix = chosen.output.suffix
        shown["duration_s"] = write(source, chosen, rotation, folder / suffix)
    return shown


def _sample(source: Source) -> Sample | None:
    """Return a frame from near the beginning, as it is stored, if any is found."""
    if source.video is None:
        return None
    source.video.codec_context.thread_count = 1
    times: list[float] = []
    frame = None
    for frame in source.container.decode(source.video):
        times.append(frame.time or 0.0)
        if times[-1] - source.start_s >= _POSTER_S or len(times) == _POSTER_FRAMES:
            break
    if frame is None:
        return None
    elapsed_s = times[-1] - times[0]
    return Sample(frame=frame, rate=(len(times) - 1) / elapsed_s if elapsed_s else 0.0)


def _rotation(sample: Sample | None) -> int:
    """Return by how many degrees counter-clockwise a video is turned."""
    return 0 if sample is None else round(sample.frame.rotation / 90) * 90 % 360


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


def _upright(source: Source, sample: Sample, edge: int) -> Image.Image:
    """Return the picture of a sample, no side of which is longer than an edge."""
    frame = sample.frame
    size = shown_size(source.video) if source.video else (frame.width, frame.height)
    size = within(edge, size)
    [plane] = Scaler(size, "rgb24").scale(frame).planes
    image = Image.frombytes("RGB", size, bytes(plane), "raw", "RGB", plane.line_size)
    rotation = _rotation(sample)
    return image.transpose(_TURNS[rotation]) if rotation else image


def _write_posters(
    image: Image.Image, folder: Path, edges: Sequence[int]
) -> dict[str, Any]:
    described, posters = in_edges(edges, image)
    for name, content in zip(_POSTERS, posters, strict=True):
        (folder / name).write_bytes(content)
    return {"small": described["sizes"][-1], "blurhash": described["blurhash"]}


if __name__ == "__main__":
    os.nice(_NICENESS)
    serve(answer)
