"""The backups of a folder, and which of them to keep."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.services.backups.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from kwip.services.backups.manifests import Manifest

_NAME = "kwip-%Y-%m-%dT%H%M%SZ.zip"
_NAMED = re.compile(r"kwip-\d{4}-\d\d-\d\dT\d{6}Z\.zip")


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in a folder of backups; without a manifest it is no complete one."""

    path: Path
    bytes: int
    manifest: Manifest | None


def name_at(now: dt.datetime) -> str:
    """Return the name of a backup that is made now."""
    return now.astimezone(dt.UTC).strftime(_NAME)


def backups_in(folder: Path) -> list[Kept]:
    """List the backups of a folder, the oldest first.

    Cost: reads the end of each file.

    Raises:
        InvalidError: There is no such folder.
    """
    if not folder.is_dir():
        raise InvalidError(f"{folder} is not a folder.")
    found = [
        Kept(path, path.stat().st_size, _manifest(path))
        for path in folder.glob("*.zip")
    ]
    return sorted(found, key=_place)


def _manifest(path: Path) -> Manifest | None:
    try:
        archive = Archive(path)
    except InvalidError:
        return None
    archive.close()
    return archive.manifest


def _place(kept: Kept) -> tuple[dt.datetime, str]:
    return _time(kept), kept.path.name


def _time(kept: Kept) -> dt.datetime:
    oldest = dt.datetime.min.replace(tzinfo=dt.UTC)
    return kept.manifest.taken_at if kept.manifest else oldest


def expendable(found: Iterable[Kept], *, daily: int, weekly: int) -> list[Kept]:
    """Return the backups that are not kept.

    The last backup of each of the last `daily` days and `weekly` weeks that have one
    is kept, and the newest of all. Files with other names than `name_at` gives are
    always kept, and so is what is no complete backup.
    """
    ours = [k for k in found if k.manifest and _NAMED.fullmatch(k.path.name)]
    newest_first = sorted(ours, key=_place, reverse=True)
    kept = {k.path for k in newest_first[:1]}
    kept |= _last_of(newest_first, lambda time: time.date(), daily)
    kept |= _last_of(newest_first, lambda time: time.isocalendar()[:2], weekly)
    return [k for k in reversed(newest_first) if k.path not in kept]


def _last_of(
    newest_first: Iterable[Kept],
    period: Callable[[dt.datetime], object],
    most: int,
) -> set[Path]:
    last: dict[object, Path] = {}
    for each in newest_first:
        last.setdefault(period(_time(each).astimezone(dt.UTC)), each.path)
    return set(list(last.values())[:most])
