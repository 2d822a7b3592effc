"""Make a backup while the site runs."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from kwip.domain.accounts.transfers import ARCHIVES
from kwip.domain.clock import at
from kwip.services.backups.archive import new_archive
from kwip.services.backups.manifests import CHANGES, COLLECTIONS, Manifest
from kwip.services.maintenance.reports import BACKUP
from kwip.store.jobs import Job
from kwip.store.maintenance.dumping import ChangeFollower, DumpStore
from kwip.store.media import LEFTOVERS, TAKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from kwip.domain.clock import ClockMs
    from kwip.services.backups.archive import ArchiveWriter, MemberWriter
    from kwip.services.maintenance.progress import Progress
    from kwip.store.client import Store
    from kwip.store.jobs import JobStore
    from kwip.store.media import MediaStorage

#: Files that existed when the backup began, and those that came meanwhile.
MEDIA = ("media.tar", "media-new.tar")
SECRETS = "secrets"
#: Seconds between two looks at what has changed: few enough that the operation log
#: still has it, and that the changed documents are soon read.
_FOLLOW_S = 5.0
#: A file's time may be rounded.
_MTIME_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a backup has besides the database.

    Attributes:
        media: The uploaded files, or None.
        media_note: `included`, or why there are none, for the manifest.
        secret_keys: The keys that sign cookies; none unless the operator asked.
    """

    media: MediaStorage | None
    media_note: str
    secret_keys: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Backup:
    """Makes backups of one database; the site may be in use."""

    store: Store
    jobs: JobStore
    clock: ClockMs
    sleep: Callable[[float], None] = time.sleep

    def create(
        self, path: Path, contents: Contents, throttle_s: float, progress: Progress
    ) -> Manifest:
        """Write a backup to `path`, which must not exist.

        Files come first: most of the time goes there, and nothing has to be followed
        meanwhile. Those that came during the backup are added at the end.

        Raises:
            ConflictError: The file exists, or changes could not be followed.
            StorageFullError: The disk is full.
        """
        began_ms = self.clock()
        with (
            new_archive(path) as archive,
            tempfile.TemporaryFile(dir=path.parent) as changes,
        ):
            if contents.media:
                _add_files(archive, MEDIA[0], contents.media, 0, progress)
            taken_ms = self._add_database(archive, changes, throttle_s, progress)
            if contents.media:
                since_s = began_ms / 1_000 - _MTIME_S
                _add_files(archive, MEDIA[1], contents.media, since_s, progress)
            if contents.secret_keys:
                with archive.member(SECRETS) as member:
                    member.write("\n".join(contents.secret_keys).encode())
            manifest = archive.describe(
                Manifest(
                    began_at=at(began_ms),
                    taken_at=at(taken_ms),
                    media=contents.media_note,
                )
            )
        self._note(path, manifest)
        return manifest

    def _add_database(
        self,
        archive: ArchiveWriter,
        changes: IO[bytes],
        throttle_s: float,
        progress: Progress,
    ) -> int:
        """Write all collections and what changed meanwhile; return the moment."""
        dump = DumpStore(self.store)
        follower = ChangeFollower(self.store)
        changed = 0
        next_look = time.monotonic() + _FOLLOW_S
        for name, about in dump.collections().items():
            progress.begin(name, about)
            with archive.member(f"{COLLECTIONS}{name}.bson") as member:
                for batch in dump.batches(name):
                    member.write(batch.raw)
                    member.count += batch.documents
                    progress.advance(batch.documents)
                    if time.monotonic() > next_look:
                        changed += follower.write_changes(changes.write)
                        next_look = time.monotonic() + _FOLLOW_S
                    self.sleep(throttle_s)
        taken_ms = self.clock()
        changed += follower.write_changes(changes.write)
        changes.seek(0)
        with archive.member(CHANGES) as member:
            shutil.copyfileobj(changes, member)
            member.count = changed
        return taken_ms

    def _note(self, path: Path, manifest: Manifest) -> None:
        """Store when this backup was made, so that a missing one is noticed."""
        self.jobs.save(
            Job(
                id=BACKUP,
                state="done",
                cursor=0,
                counts={
                    "documents": manifest.documents,
                    "bytes": path.stat().st_size,
                },
                detail={"file": str(path)},
                started_at=manifest.began_at,
                updated_at=manifest.taken_at,
            )
        )


def _add_files(
    archive: ArchiveWriter,
    name: str,
    media: MediaStorage,
    since_s: float,
    progress: Progress,
) -> None:
    """Write the files that are not older; those that are deleted meanwhile may lack."""
    progress.begin("files", 0)
    with archive.member(name, is_packed=False) as member:
        sink: Any = member  # a stream that is only written to
        with tarfile.open(fileobj=sink, mode="w|") as tar:
            for file in media.files():
                if file.modified_s >= since_s:
                    _add_file(tar, member, media, file.path)
                    progress.advance()


def _add_file(
    tar: tarfile.TarFile, member: MemberWriter, media: MediaStorage, path: str
) -> None:
    # A file that is set aside is being removed, which may still be undone.
    name = path.removesuffix(TAKEN)
    # Archives of users have what the backup has anyway.
    if name.endswith(LEFTOVERS) or name.startswith(f"{ARCHIVES}/"):
        return
    found = media.open(path)
    if found is None:
        return
    info = tarfile.TarInfo(name)
    info.size = found.size
    with found.content as stream:
        tar.addfile(info, stream)
    member.count += 1
