"""The logs of one installation, rotated while its programs run.

A program holds its log open, and MongoDB and Valkey would not reopen theirs. So a log
that has grown is copied, compressed and then truncated in place; everybody appends, and
continues at the new end. A line that is written in the microseconds between the end of
the copy and the truncation is lost.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: If a log grew faster than it was checked, this many times its limit is kept: the
#: supervisor that compresses it also has to watch its children.
_AT_ONCE = 4
#: Twice as fast as level 6, and a tenth larger: measured with request lines.
_LEVEL = 1
_ARCHIVE = re.compile(r"\.log\.([0-9]+)\.gz$")


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs in a folder, and how much of them is kept.

    `<role>.log` is compressed to `<role>.log.1.gz` when it is larger than `max_bytes`;
    the highest number is the oldest, and `keep` of them are kept.
    """

    folder: Path
    max_bytes: int
    keep: int

    def rotate(self) -> None:
        """Rotate each log that has grown; if one fails, it is tried again later."""
        for log in self.folder.glob("*.log"):
            # It is gone, or the disk is full; without space to copy it is cut below.
            with suppress(OSError):
                if log.stat().st_size > self.max_bytes:
                    self._rotate(log)

    def _rotate(self, log: Path) -> None:
        draft = log.with_name(f"{log.name}.gz")
        try:
            self._move(log, draft)
        except OSError:
            draft.unlink(missing_ok=True)
            # The disk is full, perhaps of logs. The limit comes first.
            if log.stat().st_size > _AT_ONCE * self.max_bytes:
                os.truncate(log, 0)
            raise
        for number, archive in sorted(_archives(log), reverse=True):
            if number < self.keep:
                archive.replace(_archive(log, number + 1))
            else:
                archive.unlink()
        if self.keep:
            draft.replace(_archive(log, 1))
        else:
            draft.unlink()

    def _move(self, log: Path, draft: Path) -> None:
        """Compress a log into a new file, and leave it empty."""
        with log.open("rb") as source:
            source.seek(max(0, log.stat().st_size - _AT_ONCE * self.max_bytes))
            with gzip.open(draft, "wb", _LEVEL) as target:
                shutil.copyfileobj(source, target)
            # Little was written meanwhile; it is read at once before the cut.
            rest = source.read()
            os.truncate(log, 0)
        with suppress(OSError), gzip.open(draft, "ab", _LEVEL) as target:
            target.write(rest)


def _archives(log: Path) -> Iterator[tuple[int, Path]]:
    """Return the archives of a log, with their numbers."""
    for path in log.parent.glob(f"{log.name}.*.gz"):
        found = _ARCHIVE.search(path.name)
        if found:
            yield int(found[1]), path


def _archive(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}.gz")
