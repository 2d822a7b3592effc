"""The file of a backup: a ZIP archive whose last member says what must be in it.

Its directory is at the end, so half a file is no archive.
"""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import hashlib
import json
import os
import secrets
import zipfile
import zlib
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import IO, TYPE_CHECKING, Any

from kwip import __version__
from kwip.domain.errors import ConflictError, InvalidError, StorageFullError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kwip.services.maintenance.progress import Progress

#: Raised when older versions of Kwip can't restore the file.
FORMAT = 1
_MANIFEST = "manifest.json"
_PARTIAL = ".partial"
COLLECTIONS, CHANGES = "collections/", "changes.bson"
_PART = 1 << 20
_TIMES = ("began_at", "taken_at")
#: Three times as fast as the default, for a file that is a tenth larger.
_LEVEL = 1
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Member:
    """One member of the archive; `count` is of documents or files."""

    bytes: int
    count: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup or the archive of a user contains.

    Attributes:
        kind: `site` or `user`.
        taken_at: Every write that was acknowledged before is in the backup.
        media: `included`, `left out`, or `bucket`, which needs a backup of its own.
        members: What is in the file, without this description.
    """

    began_at: dt.datetime
    taken_at: dt.datetime
    media: str
    kind: str = "site"
    version: str = __version__
    members: dict[str, Member] = field(default_factory=dict)

    @property
    def documents(self) -> int:
        """The number of documents, without those that changed during the backup."""
        return sum(self.members[name].count for name in self.collections.values())

    @property
    def collections(self) -> dict[str, str]:
        """The members with collections, by the names of these."""
        return {
            name.removeprefix(COLLECTIONS).removesuffix(".bson"): name
            for name in self.members
            if name.startswith(COLLECTIONS)
        }


class MemberWriter:
    """Writes one member; the caller adds to `count`."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream
        self._digest = hashlib.sha256()
        self._bytes = 0
        self.count = 0

    def write(self, data: bytes) -> int:
        """Append to the member."""
        self._stream.write(data)
        self._digest.update(data)
        self._bytes += len(data)
        return len(data)

    @property
    def written(self) -> Member:
        """What has been written so far."""
        return Member(self._bytes, self.count, self._digest.hexdigest())


class ArchiveWriter:
    """Writes members one after the other."""

    def __init__(self, archive: zipfile.ZipFile):
        self._zip = archive
        self._members: dict[str, Member] = {}

    @contextmanager
    def member(self, name: str, *, is_packed: bool = True) -> Iterator[MemberWriter]:
        """Begin a member; pictures and videos are not worth packing."""
        info = name if is_packed else zipfile.ZipInfo(name)
        with self._zip.open(info, "w", force_zip64=True) as stream:
            writer = MemberWriter(stream)
            yield writer
        self._members[name] = writer.written

    def describe(self, manifest: Manifest) -> Manifest:
        """Write the description of the archive, which completes it."""
        manifest.members.update(self._members)
        row = {"format": FORMAT, **asdict(manifest)}
        self._zip.writestr(_MANIFEST, json.dumps(row, default=_text, indent=1))
        return manifest


def _text(value: object) -> str:
    assert isinstance(value, dt.datetime)  # noqa: S101 -- nothing else is in it
    return value.isoformat()


@contextmanager
def new_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Create an archive, which appears at `path` when the block has ended well.

    Only its owner may read it, because it has the digests of passwords.

    Raises:
        ConflictError: There is such a file already.
        StorageFullError: The disk is full.
    """
    if path.exists():
        raise ConflictError(f"{path} exists already. Choose another name.")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}{_PARTIAL}")
    try:
        with _written_errors(path), _private(draft) as file:
            _remove_leftovers(path.parent)
            archive = zipfile.ZipFile(
                file, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL
            )
            try:
                yield ArchiveWriter(archive)
                archive.close()
                file.flush()
                os.fsync(file.fileno())
            finally:
                archive.fp = None  # or it would try to complete a broken file
            draft.replace(path)
            _sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _private(path: Path) -> IO[bytes]:
    """Create a file; the lock says that somebody still writes it."""
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _remove_leftovers(folder: Path) -> None:
    """Delete what killed writers left, which may be as large as a whole backup."""
    for found in folder.glob(f".*{_PARTIAL}"):
        with suppress(OSError), found.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            found.unlink()


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _written_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFullError(
                f"The disk of {path.parent} is full, so there is no backup. Free up"
                " space or choose another folder."
            ) from error
        raise InvalidError(
            f"{path} can't be written ({error.strerror}). Choose another folder."
        ) from error


class Archive:
    """A complete archive, to be read; `kind` is what is expected of it.

    Raises:
        InvalidError: The file is no complete archive of that kind, or from a newer
            Kwip.
    """

    def __init__(self, path: Path, kind: str = "site"):
        self._path = path
        what = "backup" if kind == "site" else "archive of a user"
        try:
            self._zip = zipfile.ZipFile(path)
            row = json.loads(self._zip.read(_MANIFEST))
            if row.pop("format") > FORMAT:
                raise self._newer(row["version"])
            self.manifest = _manifest(row)
        except OSError as error:
            raise InvalidError(f"{path}: {error.strerror}.") from error
        except (zipfile.BadZipFile, LookupError, TypeError, ValueError) as error:
            raise InvalidError(f"{path} is not a complete Kwip {what}.") from error
        if self.manifest.kind != kind:
            raise InvalidError(f"{path} is not a Kwip {what}.")

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member.

        Raises:
            InvalidError: It is damaged.
        """
        try:
            with self._zip.open(name) as stream:
                yield stream
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError) as error:
            raise InvalidError(self._damaged(name)) from error

    def check(self, progress: Progress) -> None:
        """Compare every member with its checksum.

        Raises:
            InvalidError: One is damaged; names it.
        """
        members = self.manifest.members
        progress.begin("checksums", sum(m.bytes for m in members.values()))
        for name, member in members.items():
            digest = hashlib.sha256()
            with self.reading(name) as stream:
                while part := stream.read(_PART):
                    digest.update(part)
                    progress.advance(len(part))
            if digest.hexdigest() != member.sha256:
                raise InvalidError(self._damaged(name))

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _newer(self, version: str) -> InvalidError:
        return InvalidError(
            f"{self._path} was made by Kwip {version}, which is newer than this one"
            f" ({__version__}). Update Kwip first."
        )

    def _damaged(self, name: str) -> str:
        return f"{self._path} is damaged at {name}. Use another backup."


def _manifest(row: dict[str, Any]) -> Manifest:
    members = {name: Member(**m) for name, m in row.pop("members").items()}
    row |= {name: dt.datetime.fromisoformat(row[name]) for name in _TIMES}
    manifest = Manifest(**row, members=members)
    if manifest.kind == "site" and CHANGES not in members:
        raise KeyError(CHANGES)
    return manifest
