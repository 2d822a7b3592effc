"""Compare the stored files with those that users, attachments and emoji name.

The files are listed first and the database is read afterwards: a picture that a user
sets meanwhile is then named, or too new to be an orphan.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from kwip.domain.accounts.transfers import ARCHIVES
from kwip.domain.batches import batches
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError
from kwip.domain.ids import UserId
from kwip.domain.media.attachments import AttachmentFile
from kwip.domain.media.link_previews import PREVIEW_FILE, preview_path
from kwip.domain.media.media import AVATAR, BANNER, EMOJI, PictureFile, is_picture_name
from kwip.services.media.stored.attachment_files import source_paths
from kwip.store.media import LEFTOVERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwip.domain.clock import ClockMs
    from kwip.domain.media.media import PictureKind
    from kwip.services.links.previews import Previews
    from kwip.services.media.stored.purges import Purges
    from kwip.store.accounts.transfers import TransferStore
    from kwip.store.accounts.users import UserStore
    from kwip.store.emojis import EmojiStore
    from kwip.store.media import MediaStorage, StoredFile
    from kwip.store.posting.media.attachments import AttachmentStore

#: A younger file may belong to a form that is just being saved.
GRACE = dt.timedelta(hours=1)
_BATCH = 1_000
#: The kind under which other files are counted.
_OTHER = "other"
_ATTACHMENT, _PREVIEW, _ARCHIVE = "attachment", "preview", "archive"
_CLOSED = {_OTHER, _ARCHIVE}


@dataclass(frozen=True, slots=True)
class Missing:
    """A picture that a user or an emoji has but that is not stored."""

    user_id: UserId | None
    kind: str
    picture: str
    shortcode: str = ""


@dataclass(slots=True)
class Inventory:
    """What is stored: files and bytes by kind, orphans, and what is missing.

    `named` counts the pictures that users name.
    """

    named: int = 0
    files: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    orphans: list[StoredFile] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MediaAudit:
    """Check and clean what is stored."""

    media: MediaStorage
    users: UserStore
    attachments: AttachmentStore
    emojis: EmojiStore
    previews: Previews
    purges: Purges
    clock: ClockMs
    transfers: Sequence[TransferStore] = ()

    def inventory(self) -> Inventory:
        """Read every file, user and attachment; a query for 1,000 of them."""
        limit_s = self._limit_s()
        listed = list(self.media.files())
        found, there = Inventory(), {file.path for file in listed}
        used = set(map(preview_path, self.previews.store.files()))
        for transfers in self.transfers:
            used |= set(transfers.paths())
        for named, paths in self._named():
            found.named += 1
            used |= paths
            # What is newer than the list is looked for.
            if not all(map(self.media.has, paths - there)):
                found.missing.append(named)
        for file in listed:
            kind = _kind_of(file.path)
            found.files[kind] += 1
            found.bytes[kind] += file.size
            is_ours = kind != _OTHER or file.path.endswith(LEFTOVERS)
            if is_ours and file.path not in used and file.modified_s < limit_s:
                found.orphans.append(file)
        return found

    def _named(self) -> Iterator[tuple[Missing, set[str]]]:
        """Iterate over the pictures in use, as missing ones, and their paths."""
        for user_id, kind, name in named_pictures(self.users):
            paths = {PictureFile(name, width).path for width, _ in kind.sizes}
            yield Missing(user_id, kind.name, name), paths
        for each in self.emojis.read():
            named = Missing(None, EMOJI.name, each.picture, each.shortcode)
            yield named, each.paths
        after = 0
        while batch := self.attachments.after(after, _BATCH):
            for upload in batch:
                it = upload.attachment
                paths = {
                    AttachmentFile(it.file, variant, upload.is_open).path
                    for variant in it.variants
                }
                paths.update(source_paths(upload))
                yield Missing(upload.owner_id, _ATTACHMENT, it.file), paths
            after = batch[-1].id
        for author_id, name in self.previews.of_posts.files():
            yield Missing(author_id, _PREVIEW, name), {preview_path(name)}

    def orphans(self, *, is_sure: bool) -> list[StoredFile]:
        """List the files that may be removed.

        Raises:
            ConflictError: It would be all of them, which is suspicious: an empty or a
                wrong database names no pictures either.
        """
        found = self.inventory()
        if found.orphans and not found.named and not is_sure:
            raise ConflictError(
                f"No user or emoji has a picture, but {len(found.orphans)} files are "
                "stored. Check that this is the right database. If it is, use --force."
            )
        return found.orphans

    def prune(self, *, is_sure: bool) -> list[StoredFile]:
        """Remove the orphans; return those that still existed and were still old.

        Raises:
            ConflictError: As for `orphans`.
        """
        limit_s = self._limit_s()
        removed = []
        for batch in batches(self.orphans(is_sure=is_sure), _BATCH):
            self.purges.note([f.path for f in batch if _is_open(f.path)])
            removed += [
                file
                for file in batch
                if self.media.remove(file.path, older_than_s=limit_s)
            ]
        return removed

    def _limit_s(self) -> float:
        return (at(self.clock()) - GRACE).timestamp()


def _kind_of(path: str) -> str:
    parsed = PictureFile.parse(PurePosixPath(path).name)
    if parsed is not None:
        return parsed.kind.name
    if path.startswith(f"{ARCHIVES}/"):
        return _ARCHIVE
    file = AttachmentFile.parse(path)
    if file is None:
        return _OTHER
    return _PREVIEW if file.variant == PREVIEW_FILE else _ATTACHMENT


def _is_open(path: str) -> bool:
    """Return whether a file could be read by everybody."""
    attachment = AttachmentFile.parse(path)
    return attachment.is_open if attachment else _kind_of(path) not in _CLOSED


def named_pictures(users: UserStore) -> Iterator[tuple[UserId, PictureKind, str]]:
    """Iterate the uploaded pictures that users name; a query for 1,000 users."""
    after = UserId(0)
    while batch := users.pictures_after(after, _BATCH):
        for user in batch:
            for kind, name in ((AVATAR, user.avatar), (BANNER, user.banner)):
                if name and is_picture_name(name):
                    yield user.user_id, kind, name
        after = batch[-1].user_id
