"""Files in an uploaded ZIP or tar archive, read within limits, not unpacked by name.

A ZIP archive is read in place. A tar archive is copied into a temporary folder once,
under numbers, because its members can only be read in order.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, Protocol, Self

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterator

#: No archive has more members, or more than so many bytes when unpacked.
MOST_MEMBERS, MOST_BYTES = 300_000, 50_000_000_000
#: The most that a text may have: it is read into memory.
MOST_TEXT_BYTES = 300_000_000
#: The most objects, lists and members of them in a JSON text: each takes up to some
#: hundred bytes of memory, whatever it takes in the text.
MOST_VALUES = 10_000_000
#: Headers of tar archives are read into memory. Those that hold for all members that
#: follow stay there; programs write one.
_HEADER_BYTES, _MOST_GLOBAL = 1 << 20, 5
_HEADERS = frozenset(
    {
        *(tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE),
        *(tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK),
    }
)
#: A member that is larger than this and packs better is a bomb.
_BOMB_BYTES, _BOMB_RATIO = 20_000_000, 200
_COPIED_BYTES = 1 << 20
#: What each entry of the directory at the end of a ZIP archive begins with, and how far
#: from the end one is looked for.
_ENTRY, _DIRECTORY_BYTES = b"PK\x01\x02", 500_000_000
_GZIP = b"\x1f\x8b"
#: What reading a damaged archive raises. `zipfile` also raises RuntimeError for members
#: with a password, and NotImplementedError for ways of packing that it does not know.
BROKEN = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError),
    *(RuntimeError, NotImplementedError, LookupError, ValueError),
)
NOT_READABLE = lazy_gettext(
    "We can't read this file. Choose a .zip or .tar.gz archive."
)
_TOO_LARGE = lazy_gettext("This archive is too large when it is unpacked.")


class Container(Protocol):
    """The members of an archive by their names, whatever these are."""

    def names(self) -> Iterator[str]:
        """Iterate over the names of all files."""

    def open(self, name: str) -> IO[bytes]:
        """Open a member; raises one of `BROKEN`."""


class ZipContainer:
    """A ZIP archive."""

    def __init__(self, file: IO[bytes]):
        _count_members(file)
        self._zip = zipfile.ZipFile(file)
        infos = self._zip.infolist()
        _require(len(infos), sum(each.file_size for each in infos))
        for each in infos:
            packed = max(1, each.compress_size)
            if each.file_size > max(_BOMB_BYTES, _BOMB_RATIO * packed):
                raise InvalidError(_TOO_LARGE)
        self._infos = {
            _name(each.filename): each for each in infos if not each.is_dir()
        }

    def names(self) -> Iterator[str]:
        """Iterate over the names of all files."""
        return iter(self._infos)

    def open(self, name: str) -> IO[bytes]:
        """Open a member."""
        return self._zip.open(self._infos[name])


class _Header(tarfile.TarInfo):
    """A header of a tar archive; those that could fill the memory are refused."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header, before what it announces is read."""
        info = super().frombuf(buf, encoding, errors)
        is_long = info.type in _HEADERS and info.size > _HEADER_BYTES
        if is_long or info.type == tarfile.GNUTYPE_SPARSE:
            raise InvalidError(NOT_READABLE)
        return info

    def _proc_gnusparse_10(self, *_: object) -> None:
        """Refuse a map of holes, which may be as long as the archive."""
        raise InvalidError(NOT_READABLE)


class TarContainer:
    """A tar archive, packed or not, copied into a folder."""

    def __init__(self, file: IO[bytes], folder: Path):
        self._paths: dict[str, Path] = {}
        packed = file.seek(0, 2)
        # Only texts pack well, and there are few.
        limit = max(
            _BOMB_BYTES, min(_BOMB_RATIO * packed, MOST_TEXT_BYTES + 4 * packed)
        )
        file.seek(0)
        total = 0
        with tarfile.open(fileobj=file, mode="r|*", tarinfo=_Header) as tar:
            for number, info in enumerate(tar):
                # It would keep all of them, with their headers, until the end.
                tar.members.clear()  # type: ignore[attr-defined] # no types
                total += info.size if info.isreg() else 0
                _require(number, total)
                if len(tar.pax_headers) > _MOST_GLOBAL:
                    raise InvalidError(NOT_READABLE)
                if not info.isreg():
                    continue
                content = tar.extractfile(info)
                if content is None or total > limit:
                    raise InvalidError(_TOO_LARGE)
                path = folder / str(number)
                with path.open("wb") as copy:
                    shutil.copyfileobj(content, copy, _COPIED_BYTES)
                self._paths[_name(info.name)] = path

    def names(self) -> Iterator[str]:
        """Iterate over the names of all files."""
        return iter(self._paths)

    def open(self, name: str) -> IO[bytes]:
        """Open a member."""
        return self._paths[name].open("rb")


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Container]:
    """Open an uploaded archive.

    Raises:
        InvalidError: It is none, damaged, or too large when it is unpacked.
    """
    with tempfile.TemporaryDirectory(prefix="kwip-import-") as folder:
        try:
            file.seek(0)
            is_zip = zipfile.is_zipfile(file)
            file.seek(0)
            found: Container = (
                ZipContainer(file) if is_zip else TarContainer(file, Path(folder))
            )
        except BROKEN as error:
            raise InvalidError(NOT_READABLE) from error
        yield found


def read_json(container: Container, name: str, prefix: str = "") -> Any:
    """Read a member that is JSON, after an assignment if there is a `prefix`.

    Raises:
        InvalidError: It is damaged or too large; names it.
    """
    text = read_text(container, name)
    if prefix and text.lstrip().startswith(prefix):
        text = text.partition("=")[2]
    if sum(map(text.count, "{[,")) > MOST_VALUES:
        raise InvalidError(
            lazy_gettext(
                "%(name)s is larger than %(limit)s values.",
                name=name,
                limit=MOST_VALUES,
            )
        )
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidError(
            lazy_gettext("%(name)s can't be read: it isn't valid JSON.", name=name)
        ) from error


def read_text(container: Container, name: str) -> str:
    """Read a member that is text.

    Raises:
        InvalidError: It is damaged, too large, or not UTF-8; names it.
    """
    try:
        with container.open(name) as stream:
            content = stream.read(MOST_TEXT_BYTES + 1)
        require_text_size(name, len(content))
        return content.decode("utf-8-sig")
    except BROKEN as error:
        raise InvalidError(
            lazy_gettext("%(name)s can't be read: it is damaged.", name=name)
        ) from error


def require_text_size(name: str, size: int) -> None:
    """Check that a text is not too large to be read into memory.

    Raises:
        InvalidError: It is; names it.
    """
    if size > MOST_TEXT_BYTES:
        raise InvalidError(
            lazy_gettext(
                "%(name)s is larger than %(limit)s bytes.",
                name=name,
                limit=MOST_TEXT_BYTES,
            )
        )


def _count_members(file: IO[bytes]) -> None:
    """Count what may be entries of a ZIP archive, before all become objects.

    Raises:
        InvalidError: There are too many.
    """
    file.seek(max(0, file.seek(0, 2) - _DIRECTORY_BYTES))
    count, rest = 0, b""
    while part := file.read(_COPIED_BYTES):
        count += (rest + part).count(_ENTRY)
        rest = part[1 - len(_ENTRY) :]
    _require(count, 0)
    file.seek(0)


def _require(members: int, size: int) -> None:
    if members > MOST_MEMBERS or size > MOST_BYTES:
        raise InvalidError(_TOO_LARGE)


def _name(name: str) -> str:
    """Return a name without what leads out of the archive; it is only compared."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    return "/".join(part for part in parts if part not in {"/", "..", "."})
