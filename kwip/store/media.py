"""Picture files in one folder: either complete or absent, and never changed.

All processes of an installation share the folder. Names come from the content, so
concurrent writers of the same file do no harm, and no file is ever overwritten with
different content.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from kwip.domain.errors import StorageFullError, StoreUnavailableError
from kwip.domain.media import OpenFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: The suffixes of what a killed writer leaves behind, and of files being removed.
_DRAFT, _TAKEN = ".draft", ".taken"
#: Our own files that are not finished, or no longer in use.
LEFTOVERS = (_DRAFT, _TAKEN)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the folder; `path` is relative to it."""

    path: str
    size: int
    modified_s: float


class MediaFolder:
    """The folder; it is created with the first file."""

    def __init__(self, root: Path):
        self._root = root

    def save(self, path: str, content: IO[bytes]) -> None:
        """Write a file unless it exists already; then it counts as new again.

        The content is copied in parts, from its beginning.

        Raises:
            StorageFullError: The disk is full; nothing is left of the file.
            StoreUnavailableError: The folder cannot be written to.
        """
        target = self._root / path
        with _folder_errors():
            try:
                os.utime(target)
            except FileNotFoundError:
                content.seek(0)
                _write(target, content)

    def read(self, path: str) -> bytes | None:
        """Return the content of a file; None if it does not exist.

        Raises:
            StoreUnavailableError: It cannot be read.
        """
        with _folder_errors():
            try:
                return (self._root / path).read_bytes()
            except FileNotFoundError:
                return None

    def open(self, path: str) -> OpenFile | None:
        """Open a file to be read in parts; None if it does not exist.

        Raises:
            StoreUnavailableError: It cannot be read.
        """
        with _folder_errors():
            try:
                file = (self._root / path).open("rb")
            except FileNotFoundError:
                return None
            return OpenFile(path, os.fstat(file.fileno()).st_size, file)

    def copy(self, source: str, target: str) -> bool:
        """Copy a file as `save` does; False if there is neither of the two.

        Raises:
            StorageFullError: The disk is full; nothing is left of the copy.
            StoreUnavailableError: The folder cannot be written to.
        """
        with _folder_errors():
            try:
                os.utime(self._root / target)
            except FileNotFoundError:
                try:
                    with (self._root / source).open("rb") as content:
                        _write(self._root / target, content)
                except FileNotFoundError:
                    return False
        return True

    def has(self, path: str) -> bool:
        """Return whether a file exists."""
        with _folder_errors():
            return (self._root / path).is_file()

    def files(self) -> Iterator[StoredFile]:
        """Iterate over all files, ours or not."""
        with _folder_errors():
            for folder in self._folders():
                for entry in sorted(folder.iterdir()):
                    with suppress(FileNotFoundError):
                        found = entry.stat()
                        path = f"{folder.name}/{entry.name}"
                        yield StoredFile(path, found.st_size, found.st_mtime)

    def _folders(self) -> list[Path]:
        try:
            return sorted(p for p in self._root.iterdir() if p.is_dir())
        except FileNotFoundError:  # nobody has uploaded anything yet
            return []

    def remove(self, path: str, *, older_than_s: float) -> bool:
        """Delete a file, unless it was saved (again) at `older_than_s` or later.

        It is renamed before its time is checked: whoever saves the same file meanwhile
        finds it gone and writes it again.
        """
        target = self._root / path
        aside = target.with_name(f"{target.name}{_TAKEN}")
        with _folder_errors():
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
def _folder_errors() -> Iterator[None]:
    """Raise errors that say what to do about the folder."""
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


def _write(target: Path, content: IO[bytes]) -> None:
    """Write a file in one step that also survives a power failure."""
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_name(f"{target.name}.{secrets.token_hex(8)}{_DRAFT}")
    try:
        with draft.open("xb") as file:
            shutil.copyfileobj(content, file)
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
