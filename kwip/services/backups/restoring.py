"""Restore a backup into an empty database, or in place of one."""

from __future__ import annotations

import re
import shutil
import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, InvalidError
from kwip.services.backups.backup import MEDIA, SECRETS
from kwip.services.backups.manifests import CHANGES
from kwip.store.maintenance.dumped import check_changes, check_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.domain.clock import ClockMs
    from kwip.services.backups.archive import Archive
    from kwip.services.maintenance.progress import Progress
    from kwip.store.maintenance.restoring import RestoreStore

    _Check = Callable[[IO[bytes], Callable[[int], object]], None]

#: Where our own files are: one folder deep.
_PATH = re.compile(r"[a-z0-9-]{1,99}/[A-Za-z0-9_-][A-Za-z0-9._-]{0,199}")
_IN_MEMORY = 8_000_000


@dataclass(frozen=True, slots=True)
class Restore:
    """Restores one archive into one database."""

    archive: Archive
    store: RestoreStore
    clock: ClockMs

    def database(self, progress: Progress, *, replaces: bool) -> None:
        """Replace the whole database; nobody may use it meanwhile.

        Raises:
            InvalidError: The file is damaged or can't be used; nothing was changed.
            ConflictError: The database is in use, and `replaces` is false.
        """
        if not replaces and self.store.has_people():
            raise ConflictError(
                "This database is not empty. Use --replace to delete everything in it"
                " and restore the backup."
            )
        self._check(progress)
        self.store.clear()
        members = self.archive.manifest.members
        for collection, member in self.archive.manifest.collections.items():
            progress.begin(collection, members[member].count)
            with self.archive.reading(member) as stream:
                self.store.load(collection, stream, progress.advance)
        progress.begin("changes", members[CHANGES].count)
        with self.archive.reading(CHANGES) as stream:
            self.store.apply(stream, progress.advance)
        self.store.settle(at(self.clock()))
        progress.begin("indexes", 0)
        self.store.index()

    def _check(self, progress: Progress) -> None:
        """Read everything as the restore will, before it deletes anything."""
        self.archive.check(progress)
        members = self.archive.manifest.members
        for collection, name in self.archive.manifest.collections.items():
            self._check_member(name, partial(check_documents, collection), progress)
        self._check_member(CHANGES, check_changes, progress)
        for name in filter(members.__contains__, MEDIA):
            progress.begin(f"check of {name}", members[name].count)
            with self._files_of(name) as tar:
                found = sum(1 for _ in _files(tar))
            if found != members[name].count:
                raise self._unusable(name, f"it has {found} files")

    def _check_member(self, name: str, check: _Check, progress: Progress) -> None:
        progress.begin(f"check of {name}", self.archive.manifest.members[name].count)
        with self.archive.reading(name) as stream:
            try:
                check(stream, progress.advance)
            except (ValueError, RecursionError) as error:
                raise self._unusable(name, str(error)) from error

    def _unusable(self, name: str, why: str) -> InvalidError:
        return InvalidError(
            f"{self.archive.path}: {name} can't be restored ({why}). Use another"
            " backup."
        )

    def files(self, progress: Progress, save: Callable[[str, IO[bytes]], None]) -> int:
        """Pass every uploaded file to `save`; return how many there are."""
        count = 0
        for name in MEDIA:
            member = self.archive.manifest.members.get(name)
            if member is None:
                continue
            progress.begin("files", member.count)
            with self._files_of(name) as tar:
                for path, content in _contents(tar):
                    save(path, content)
                    progress.advance()
                    count += 1
        return count

    @contextmanager
    def _files_of(self, name: str) -> Iterator[tarfile.TarFile]:
        with self.archive.reading(name) as stream:
            try:
                with tarfile.open(fileobj=stream, mode="r|") as tar:
                    yield tar
            except (tarfile.TarError, RecursionError) as error:
                raise self._unusable(name, str(error)) from error


def _files(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    try:
        for info in tar:
            if not info.isreg() or not _PATH.fullmatch(info.name):
                message = f"no file of Kwip is {info.name[:200]!r}"
                raise tarfile.ExtractError(message)
            yield info
    except ValueError as error:  # a number in a header
        raise tarfile.ReadError(str(error)) from error


def _contents(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for info in _files(tar):
        content = tar.extractfile(info)
        assert content is not None  # noqa: S101 -- it is a regular file
        # Whoever stores it begins again if need be, which the archive can't.
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            shutil.copyfileobj(content, file)
            file.seek(0)
            yield info.name, file


def secret_keys(archive: Archive) -> str:
    """Return the keys that sign cookies, one on each line.

    Raises:
        InvalidError: The backup has none, or they are no text.
    """
    if SECRETS not in archive.manifest.members:
        raise InvalidError(
            "This backup has no secrets. Leave out --with-secrets; if the key is"
            " another one now, everybody has to log in again."
        )
    with archive.reading(SECRETS) as stream:
        content = stream.read(_IN_MEMORY)
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise InvalidError(
            f"{archive.path}: {SECRETS} has no keys. Leave out --with-secrets."
        ) from error
