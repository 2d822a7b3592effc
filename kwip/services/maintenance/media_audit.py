"""Compare the pictures in the folder with those that users name.

The folder is listed first and the users are read afterwards: a picture that a user sets
meanwhile is then named, or too new to be an orphan.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import ConflictError
from kwip.domain.ids import UserId
from kwip.domain.media import AVATAR, BANNER, PictureFile, is_picture_name
from kwip.store.media import LEFTOVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.clock import ClockMs
    from kwip.domain.media import PictureKind
    from kwip.store.accounts.users import UserStore
    from kwip.store.media import MediaFolder, StoredFile

#: A younger file may belong to a form that is just being saved.
GRACE = dt.timedelta(hours=1)
_BATCH = 1_000
#: The kind under which other files are counted.
_OTHER = "other"


@dataclass(frozen=True, slots=True)
class Missing:
    """A picture that a user names but that is not in the folder."""

    user_id: UserId
    kind: str
    picture: str


@dataclass(slots=True)
class Inventory:
    """What is in the folder: files and bytes by kind, orphans, and what is missing.

    `named` counts the pictures that users name.
    """

    named: int = 0
    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    orphans: list[StoredFile] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MediaAudit:
    """Check and clean the folder of pictures."""

    folder: MediaFolder
    users: UserStore
    clock: ClockMs

    def inventory(self) -> Inventory:
        """Read every file and every user; a query for 1,000 users."""
        limit_s = self._limit_s()
        listed = list(self.folder.files())
        found, used = Inventory(), set()
        for user_id, kind, picture in named_pictures(self.users):
            found.named += 1
            used.add(picture)
            paths = [PictureFile(picture, width).path for width, _ in kind.sizes]
            if not all(self.folder.has(path) for path in paths):
                found.missing.append(Missing(user_id, kind.name, picture))
        for file in listed:
            name = PurePosixPath(file.path).name
            parsed = PictureFile.parse(name)
            kind_name = parsed.kind.name if parsed else _OTHER
            found.files[kind_name] += 1
            found.bytes[kind_name] += file.size
            is_ours = parsed is not None or name.endswith(LEFTOVERS)
            is_used = parsed is not None and parsed.picture in used
            if is_ours and not is_used and file.modified_s < limit_s:
                found.orphans.append(file)
        return found

    def orphans(self, *, is_sure: bool) -> list[StoredFile]:
        """List the files that may be removed.

        Raises:
            ConflictError: It would be all of them, which is suspicious: an empty or a
                wrong database names no pictures either.
        """
        found = self.inventory()
        if found.orphans and not found.named and not is_sure:
            raise ConflictError(
                f"No user has a picture, but {len(found.orphans)} files are stored. "
                "Check that this is the right database. If it is, use --force."
            )
        return found.orphans

    def prune(self, *, is_sure: bool) -> list[StoredFile]:
        """Remove the orphans; return those that still existed and were still old.

        Raises:
            ConflictError: As for `orphans`.
        """
        limit_s = self._limit_s()
        return [
            file
            for file in self.orphans(is_sure=is_sure)
            if self.folder.remove(file.path, older_than_s=limit_s)
        ]

    def _limit_s(self) -> float:
        return (at(self.clock()) - GRACE).timestamp()


def named_pictures(users: UserStore) -> Iterator[tuple[UserId, PictureKind, str]]:
    """Iterate the uploaded pictures that users name; a query for 1,000 users."""
    after = UserId(0)
    while batch := users.pictures_after(after, _BATCH):
        for user in batch:
            for kind, name in ((AVATAR, user.avatar), (BANNER, user.banner)):
                if name and is_picture_name(name):
                    yield user.user_id, kind, name
        after = batch[-1].user_id
