"""Uploaded files: either complete or absent, and never changed.

They are in a folder that all processes of an installation share, or in a bucket
(`kwip/store/media_bucket.py`). Names come from the content, so concurrent writers of
the same file do no harm, and no file is ever overwritten with different content.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Protocol

from kwip.domain.errors import StorageFullError, StoreUnavailableError
from kwip.domain.media.media import OpenFile
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: What people see when files cannot be stored, or not be reached.
FULL = lazy_gettext("This site has no space left for files. Tell its administrator.")
UNREACHABLE = lazy_gettext("Kwip can't reach its files right now. Try again shortly.")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: The suffixes of what a killed writer leaves behind, and of files being removed.
_DRAFT, TAKEN = ".draft", ".taken"
#: Our own files that are not finished, or no longer in use.
LEFTOVERS = (_DRAFT, TAKEN)


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file; `path` is relative to the folder or bucket."""

    path: str
    size: int
    modified_s: float


class MediaStorage(Protocol):
    """Where uploaded files are, by their paths.

    Every method raises StoreUnavailableError if it cannot be reached. What writes
    raises StorageFullError if it has no space; nothing is left of the file then.

    Whether a file is still needed is in the database, which may change while the file
    is being deleted. So a file is set aside, then the database is asked once more, and
    then the file is put back or discarded. Whoever begins to use a file saves it
    (again) after the database knows of that, and finds it gone or gets it back.
    """

    def save(self, path: str, content: IO[bytes]) -> None:
        """Store a file; if it exists already, it counts as new again.

        The content is copied in parts, from its beginning.
        """

    def open(self, path: str) -> OpenFile | None:
        """Open a file to be read in parts; None if it does not exist."""

    def copy(self, source: str, target: str) -> bool:
        """Copy a file as `save` does; False if there is neither of the two."""

    def has(self, path: str) -> bool:
        """Return whether a file exists."""

    def files(self) -> Iterator[StoredFile]:
        """Iterate over all files, ours or not."""

    def remove(self, path: str, *, older_than_s: float) -> bool:
        """Delete a file, unless it was saved (again) at `older_than_s` or later."""

    def set_aside(self, paths: Sequence[str]) -> list[str]:
        """Take files away from their paths; return those that existed.

        What a killed process has set aside counts, too.
        """

    def put_back(self, paths: Sequence[str]) -> None:
        """Undo `set_aside`, also one that a killed process began."""

    def discard(self, paths: Sequence[str]) -> None:
        """Delete what was set aside."""


class MediaFolder:
    """Files in a folder, which is created with the first one."""

    def __init__(self, root: Path):
        self._root = root

    def save(self, path: str, content: IO[bytes]) -> None:
        """Write a file unless it exists already."""
        target = self._root / path
        with _folder_errors():
            try:
                os.utime(target)
            except FileNotFoundError:
                content.seek(0)
                _write(target, content)

    def open(self, path: str) -> OpenFile | None:
        """Open a file to be read in parts; None if it does not exist."""
        with _folder_errors():
            try:
                file = (self._root / path).open("rb")
            except FileNotFoundError:
                return None
            return OpenFile(path, os.fstat(file.fileno()).st_size, file)

    def copy(self, source: str, target: str) -> bool:
        """Copy a file unless the target exists; False if there is neither of them."""
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
        target, aside = self._root / path, self._root / f"{path}{TAKEN}"
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

    def set_aside(self, paths: Sequence[str]) -> list[str]:
        """Rename files; return those that existed."""
        for path in paths:
            self._rename(path, f"{path}{TAKEN}")
        return [path for path in paths if self.has(f"{path}{TAKEN}")]

    def put_back(self, paths: Sequence[str]) -> None:
        """Rename files that were set aside to what they were."""
        for path in paths:
            self._rename(f"{path}{TAKEN}", path)

    def _rename(self, old: str, new: str) -> None:
        with _folder_errors(), suppress(FileNotFoundError):
            (self._root / old).rename(self._root / new)

    def discard(self, paths: Sequence[str]) -> None:
        """Delete files that were set aside."""
        with _folder_errors():
            for path in paths:
                (self._root / f"{path}{TAKEN}").unlink(missing_ok=True)


@contextmanager
def _folder_errors() -> Iterator[None]:
    """Raise errors that say what to do about the folder."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(FULL, reason=str(error)) from error
        raise StoreUnavailableError(UNREACHABLE, reason=str(error)) from error


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
