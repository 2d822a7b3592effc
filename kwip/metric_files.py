"""How a process stores its metrics: files that survive a full disk."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from pathlib import Path
from typing import Any

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

#: The initial size of a metrics file; it is doubled when full.
_FILE_BYTES = 1 << 16


class Numbers(MmapedDict):
    """One file of a process's numbers, as prometheus-client maps it into memory.

    The library creates sparse files, and the kernel kills a process (SIGBUS) that
    writes to a hole if the disk is full. So a file is written before it is mapped. A
    number without space stays in its process, and is written completely by the first
    change after there is space again.
    """

    _f: Any = None

    def __init__(self, filename: str):
        self._path = Path(filename)
        self._is_open = False
        self._positions: dict[str, int] = {}
        with contextlib.suppress(OSError):
            self._open()

    def read_value(self, key: str) -> tuple[float, float]:
        """Return a number and its time; 0 if it is not in the file."""
        with contextlib.suppress(OSError):
            found: tuple[float, float] = super().read_value(key)  # type: ignore[no-untyped-call]
            return found
        return 0.0, 0.0

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Store a number and its time, if there is space."""
        with contextlib.suppress(OSError):
            super().write_value(key, value, timestamp)  # type: ignore[no-untyped-call]

    def _open(self) -> None:
        if not self._path.exists():
            # The process that adds the numbers up must not find it half written.
            draft = self._path.with_suffix(".new")
            try:
                draft.write_bytes(bytes(_FILE_BYTES))
                draft.rename(self._path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
        super().__init__(str(self._path))  # type: ignore[no-untyped-call]
        self._is_open = True

    def _init_value(self, key: str) -> None:
        if not self._is_open:
            self._open()
        most = len(key.encode()) + 32  # with its length, its padding and two numbers
        while self._used + most > self._capacity:
            self._grow()
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def _grow(self) -> None:
        descriptor = self._f.fileno()
        if os.write(descriptor, bytes(self._capacity)) < self._capacity:
            os.ftruncate(descriptor, self._capacity)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._capacity *= 2
        self._m = mmap.mmap(descriptor, self._capacity)


def install() -> None:
    """Let prometheus-client use these files; call it before the first series is made.

    The library has no setting for it, and looks it up when it makes a series.
    """
    values.MmapedDict = Numbers  # type: ignore[attr-defined, assignment]
