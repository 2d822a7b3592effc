"""Restore a backup into an empty database, or in place of one."""

from __future__ import annotations

import re
import shutil
import tarfile
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from kwip.domain.errors import ConflictError, InvalidError
from kwip.services.backups.backup import MEDIA, SECRETS
from kwip.services.backups.manifests import CHANGES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.services.backups.archive import Archive
    from kwip.services.maintenance.progress import Progress
    from kwip.store.maintenance.restoring import RestoreStore

#: Where our own files are: one folder deep.
_PATH = re.compile(r"[a-z0-9-]+/[A-Za-z0-9._-]+")
_IN_MEMORY = 8_000_000


@dataclass(frozen=True, slots=True)
class Restore:
    """Restores one archive into one database."""

    archive: Archive
    store: RestoreStore

    def database(self, progress: Progress, *, replaces: bool) -> None:
        """Replace the whole database; nobody may use it meanwhile.

        Raises:
            InvalidError: The file is damaged; nothing was changed.
            ConflictError: The database is in use, and `replaces` is false.
        """
        if not replaces and self.store.has_people():
            raise ConflictError(
                "This database is not empty. Use --replace to delete everything in it"
                " and restore the backup."
            )
        self.archive.check(progress)
        self.store.clear()
        members = self.archive.manifest.members
        for collection, member in self.archive.manifest.collections.items():
            progress.begin(collection, members[member].count)
            with self.archive.reading(member) as stream:
                self.store.load(collection, stream, progress.advance)
        progress.begin("changes", members[CHANGES].count)
        with self.archive.reading(CHANGES) as stream:
            self.store.apply(stream, progress.advance)
        progress.begin("indexes", 0)
        self.store.index()

    def files(self, progress: Progress, save: Callable[[str, IO[bytes]], None]) -> int:
        """Pass every uploaded file to `save`; return how many there are."""
        count = 0
        for name in MEDIA:
            member = self.archive.manifest.members.get(name)
            if member is None:
                continue
            progress.begin("files", member.count)
            with self._files_of(name) as files:
                for path, content in files:
                    save(path, content)
                    progress.advance()
                    count += 1
        return count

    @contextmanager
    def _files_of(self, name: str) -> Iterator[Iterator[tuple[str, IO[bytes]]]]:
        with (
            self.archive.reading(name) as stream,
            tarfile.open(fileobj=stream, mode="r|") as tar,
        ):
            yield _contents(tar)


def _contents(tar: tarfile.TarFile) -> Iterator[tuple[str, IO[bytes]]]:
    for info in tar:
        content = tar.extractfile(info) if _PATH.fullmatch(info.name) else None
        if content is None:
            raise InvalidError(f"The backup has a file with a wrong name: {info.name}")
        # Whoever stores it begins again if need be, which the archive can't.
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as file:
            shutil.copyfileobj(content, file)
            file.seek(0)
            yield info.name, file


def secret_keys(archive: Archive) -> str:
    """Return the keys that sign cookies, one on each line.

    Raises:
        InvalidError: The backup has none.
    """
    if SECRETS not in archive.manifest.members:
        raise InvalidError(
            "This backup has no secrets. Leave out --with-secrets; if the key is"
            " another one now, everybody has to log in again."
        )
    with archive.reading(SECRETS) as stream:
        return stream.read().decode()
