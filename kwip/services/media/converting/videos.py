"""Turn uploaded videos and sounds into what browsers play, in a child process."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError, StorageFullError
from kwip.domain.media.attachments import VIDEO_MAX_BYTES
from kwip.domain.messages import Message, lazy_gettext
from kwip.services.media.converting.isolated import FailedError, Isolated, Limits
from kwip.services.media.converting.pictures import (
    FIELD,
    LARGE_EDGE,
    SMALL_EDGE,
    wrong_size,
)
from kwip.services.media.converting.prepared import Transcoded

if TYPE_CHECKING:
    from pathlib import Path

#: A 4K video with ten bits needs 480 MB of address space. Ten minutes of 1080p at 60
#: frames a second take 740 s of processor time, and become 90 MB at most.
LIMITS = Limits(
    memory_bytes=1_000_000_000,
    cpu_s=900,
    job_s=1_800.0,
    waiting=1,
    idle_s=0.0,
    file_bytes=110_000_000,
)
_SUFFIXES = frozenset(
    {"video.mp4", "video.webm", "audio.mp3", "audio.m4a", "audio.ogg"}
    | {"large.webp", "small.webp"}
)


class Videos:
    """Turn uploaded files into videos and sounds.

    Args:
        max_bytes: The largest file.
        limits: What the child may take.
    """

    def __init__(self, max_bytes: int = VIDEO_MAX_BYTES, limits: Limits = LIMITS):
        self._max_bytes = max_bytes
        self._child = Isolated("kwip.services.media.child.video_child", limits)

    def transcode(self, source: Path, folder: Path) -> Transcoded:
        """Write what becomes of a file into a folder, which should be empty.

        Takes 0.5 s for what can be copied, otherwise up to the length of the video.
        After an error, the folder may have files in it.

        Raises:
            InvalidError: It cannot be used; `fields` says why, under `file`.
            StorageFullError: The disk is full.
            StoreUnavailableError: Another file is being transcoded, or this one took
                too long.
        """
        wrong = wrong_size(source.stat().st_size, self._max_bytes)
        if wrong:
            raise _refused(wrong)
        question = {
            "path": str(source.absolute()),
            "folder": str(folder.absolute()),
            "edges": (LARGE_EDGE, SMALL_EDGE),
        }
        try:
            answer, _ = self._child.run(question, io.BytesIO())
        except FailedError as error:
            raise _refused(
                lazy_gettext(
                    "Converting this file takes too much time or memory. "
                    "Choose a shorter or smaller one."
                )
            ) from error
        if "refused" in answer:
            raise _refused(Message.of(answer["refused"]))
        if "is_full" in answer:
            raise StorageFullError(lazy_gettext("There is no space left for files."))
        return Transcoded(
            kind=answer["kind"],
            files={
                name: folder / name for name in answer["names"] if name in _SUFFIXES
            },
            width=answer["size"][0],
            height=answer["size"][1],
            small_width=answer["small"][0],
            small_height=answer["small"][1],
            blurhash=answer["blurhash"],
            duration_s=answer["duration_s"],
        )

    def close(self) -> None:
        """End the child, if there is one."""
        self._child.close()


def _refused(why: str) -> InvalidError:
    return InvalidError(lazy_gettext("This file can't be used."), {FIELD: why})
