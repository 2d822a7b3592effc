"""The description of an archive, which anybody may have written."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kwip import __version__

#: Raised when older versions of Kwip can't restore the file.
FORMAT = 1
COLLECTIONS, CHANGES = "collections/", "changes.bson"
_YEARS = range(2000, 3000)
_T = TypeVar("_T")


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


def manifest_in(row: object) -> Manifest:
    """Return what a manifest says.

    Raises:
        ValueError: A value can't be right, or it has no members of such an archive;
            or a LookupError or TypeError for other wrong rows.
    """
    members = {
        name: _member(each) for name, each in field_of(row, "members", dict).items()
    }
    manifest = Manifest(
        began_at=_time(row, "began_at"),
        taken_at=_time(row, "taken_at"),
        media=field_of(row, "media", str),
        kind=field_of(row, "kind", str),
        version=field_of(row, "version", str),
        members=members,
    )
    is_known = 1 <= field_of(row, "format", int) <= FORMAT
    if not is_known or (manifest.kind == "site" and CHANGES not in members):
        raise ValueError(manifest.kind)
    return manifest


def field_of(row: Any, name: str, kind: type[_T]) -> _T:
    """Return a value that must have a type.

    Raises:
        LookupError: There is none.
        TypeError: It has another type, or `row` is no object.
    """
    value = row[name]
    if type(value) is not kind:  # a bool is no number here
        raise TypeError(name)
    return value


def _member(row: object) -> Member:
    size, count = field_of(row, "bytes", int), field_of(row, "count", int)
    if min(size, count) < 0:
        message = "less than nothing"
        raise ValueError(message)
    return Member(size, count, field_of(row, "sha256", str))


def _time(row: object, name: str) -> dt.datetime:
    time = dt.datetime.fromisoformat(field_of(row, name, str))
    if time.tzinfo is None or time.year not in _YEARS:
        raise ValueError(name)
    return time.astimezone(dt.UTC)
