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
from dataclasses import asdict
from typing import IO, TYPE_CHECKING

from kwip import __version__
from kwip.domain.errors import ConflictError, InvalidError, StorageFullError
from kwip.services.backups.manifests import (
    FORMAT,
    Manifest,
    Member,
    field_of,
    manifest_in,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kwip.services.maintenance.progress import Progress

_MANIFEST = "manifest.json"
#: The archive of a user has up to 200,000 files.
_MANIFEST_MAX = 32_000_000
_PARTIAL = ".partial"
_PART = 1 << 20
#: Three times as fast as the default, for a file that is a tenth larger.
_LEVEL = 1
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
#: What reading a damaged member raises.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError)
#: What a member raises that is missing, encrypted, or not where the directory says.
_UNUSABLE = (LookupError, RuntimeError, ValueError, OverflowError)
#: What a manifest raises that is not JSON, is nested too deeply, or has other types.
_WRONG = (LookupError, RecursionError, ValueError, TypeError)


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
        self.path = path
        self._kind = kind
        what = "backup" if kind == "site" else "archive of a user"
        try:
            self._zip = zipfile.ZipFile(path)
        except OSError as error:
            raise InvalidError(f"{path}: {error.strerror or error}.") from error
        except (*_BROKEN, *_UNUSABLE) as error:
            raise InvalidError(f"{path} is not a complete Kwip {what}.") from error
        try:
            self.manifest = self._read_manifest(what)
        except InvalidError:
            self._zip.close()
            raise

    def _read_manifest(self, what: str) -> Manifest:
        incomplete = f"{self.path} is not a complete Kwip {what}."
        try:
            with self._open(_MANIFEST) as stream:
                text = stream.read(_MANIFEST_MAX + 1)
            if len(text) > _MANIFEST_MAX:
                raise InvalidError(f"The manifest of {self.path} is too large.")
            row = json.loads(text)
            if field_of(row, "format", int) > FORMAT:
                raise self._newer(field_of(row, "version", str))
            manifest = manifest_in(row)
        except (*_BROKEN, *_WRONG) as error:
            raise InvalidError(incomplete) from error
        if manifest.kind != self._kind:
            raise InvalidError(f"{self.path} is not a Kwip {what}.")
        return manifest

    def _open(self, name: str) -> IO[bytes]:
        """Open a member; everything that is wrong with it is a `BadZipFile`."""
        try:
            info = self._zip.getinfo(name)
            if info.compress_type not in _METHODS:
                raise zipfile.BadZipFile(name)
            return self._zip.open(info)
        except (OSError, *_UNUSABLE) as error:
            raise zipfile.BadZipFile(name) from error

    @contextmanager
    def reading(self, name: str) -> Iterator[IO[bytes]]:
        """Open a member.

        Raises:
            InvalidError: It is damaged.
        """
        try:
            with self._open(name) as stream:
                yield stream
        except _BROKEN as error:
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
            f"{self.path} was made by Kwip {version}, which is newer than this one"
            f" ({__version__}). Update Kwip first."
        )

    def _damaged(self, name: str) -> str:
        instead = "Use another backup" if self._kind == "site" else "Export it again"
        return f"{self.path} is damaged at {name}. {instead}."
