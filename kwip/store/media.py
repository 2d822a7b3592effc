"""Files of pictures below one folder: whole or not there, and never changed.

A folder is shared by all processes of an installation. Names come from the content, so
writers of the same file do not disturb each other, and nothing is ever overwritten
with something else.
"""

from __future__ import annotations

import errno
import os
import secrets
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import StorageFullError, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: What a writer that was killed leaves, and what `remove` takes away.
_DRAFT, _TAKEN = ".draft", ".taken"
#: Files of ours that are none yet, or no longer.
LEFTOVERS = (_DRAFT, _TAKEN)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it lies in the folder; `path` is relative to it."""

    path: str
    size: int
    modified_s: float


class MediaFolder:
    """The folder; it is made with the first file."""

    def __init__(self, root: Path):
        self._root = root

    def save(self, path: str, content: bytes) -> None:
        """Put a file there unless it is there already; then it counts as new again.

        Raises:
            StorageFullError: The disk is full; nothing is left of the file.
            StoreUnavailableError: The folder cannot be written to.
        """
        target = self._root / path
        with _told():
            try:
                os.utime(target)
            except FileNotFoundError:
                _write(target, content)

    def read(self, path: str) -> bytes | None:
        """Give what is in a file; None if it is not there.

        Raises:
            StoreUnavailableError: It cannot be read.
        """
        with _told():
            try:
                return (self._root / path).read_bytes()
            except FileNotFoundError:
                return None

    def has(self, path: str) -> bool:
        """Tell whether a file is there."""
        with _told():
            return (self._root / path).is_file()

    def files(self) -> Iterator[StoredFile]:
        """Go through all files, whatever they are."""
        with _told():
            for folder in self._folders():
                for entry in sorted(folder.iterdir()):
                    with suppress(FileNotFoundError):
                        found = entry.stat()
                        path = f"{folder.name}/{entry.name}"
                        yield StoredFile(path, found.st_size, found.st_mtime)

    def _folders(self) -> list[Path]:
        try:
            return sorted(p for p in self._root.iterdir() if p.is_dir())
        except FileNotFoundError:  # nobody has uploaded anything
            return []

    def remove(self, path: str, *, older_than_s: float) -> bool:
        """Take a file away, unless it was saved (again) after a time.

        It is put aside before that is looked at: whoever saves the same meanwhile
        finds it gone and writes it anew.
        """
        target = self._root / path
        aside = target.with_name(f"{target.name}{_TAKEN}")
        with _told():
            try:
                target.rename(aside)
            except FileNotFoundError:
                return False
            if aside.stat().st_mtime >= older_than_s:
                aside.rename(target)
                return False
            aside.unlink()
            return True


@contextmanager
def _told() -> Iterator[None]:
    """Say what a person can do about the folder."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(
                "This site has no space left for pictures. Tell its administrator.",
                reason=str(error),
            ) from error
        raise StoreUnavailableError(
            "Kwip can't reach its pictures right now. Try again shortly.",
            reason=str(error),
        ) from error


def _write(target: Path, content: bytes) -> None:
    """Write a file in one step that also survives a loss of power."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{secrets.token_hex(8)}{_DRAFT}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    _sync(target.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
