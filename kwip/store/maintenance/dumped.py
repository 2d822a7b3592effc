"""Check what `dumping` wrote, before `restoring` deletes what it is to replace."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

import bson
from bson.codec_options import CodecOptions, DatetimeConversion
from bson.dbref import DBRef
from bson.errors import BSONError
from bson.regex import Regex

from kwip.domain.batches import batches
from kwip.store.maintenance.dumping import store_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_BATCH = 1_000
#: MongoDB's limit for a document, with what surrounds one that changed.
_SIZES = range(5, (16 << 20) + (64 << 10))
#: MongoDB may hold times that Python can't represent.
_CODEC: CodecOptions[dict[str, Any]] = CodecOptions(
    datetime_conversion=DatetimeConversion.DATETIME_MS
)
_NAME_MAX = 120


def check_documents(
    collection: str, stream: IO[bytes], report: Callable[[int], object]
) -> None:
    """Decode every document of a collection.

    Raises:
        ValueError: One is damaged or can't be stored, or no backup has a collection
            of this name.
    """
    _check_name(collection)
    for part in batches(_decoded(stream), _BATCH):
        for document in part:
            _check_id(document)
        report(len(part))


def check_changes(stream: IO[bytes], report: Callable[[int], object]) -> None:
    """Decode every change that `ChangeFollower` wrote.

    Raises:
        ValueError: One is damaged or can't be applied.
    """
    for part in batches(_decoded(stream), _BATCH):
        for change in part:
            _check_name(change.get("c"))
            _check_id({"_id": change["x"]} if "x" in change else change.get("d"))
        report(len(part))


def _decoded(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    while head := stream.read(4):
        size = int.from_bytes(head, "little")
        if size not in _SIZES:
            message = f"a document of {size} bytes"
            raise ValueError(message)
        try:
            yield bson.decode(head + stream.read(size - 4), _CODEC)
        except BSONError as error:
            raise ValueError(str(error)) from error


def _check_name(name: object) -> None:
    """Refuse names that MongoDB refuses or uses itself, or that no backup has."""
    is_usable = isinstance(name, str) and 0 < len(name) <= _NAME_MAX
    if not is_usable or not store_names([str(name)]) or _is_odd(str(name)):
        message = f"no collection of Kwip has the name {str(name)[:_NAME_MAX]!r}"
        raise ValueError(message)


def _is_odd(name: str) -> bool:
    return not name.replace("_", "").replace(".", "").isalnum() or ".." in f".{name}."


def _check_id(document: object) -> None:
    own = document.get("_id", []) if isinstance(document, dict) else []
    keys = own if isinstance(own, dict) else ()
    if isinstance(own, list | Regex | DBRef) or any(k.startswith("$") for k in keys):
        message = "a document without a usable _id"
        raise ValueError(message)
