"""The files of attachments, in two places: open to everybody, and private.

Two uploads of the same file share its name, so what an attachment no longer needs is
only deleted if no other one uses it in that place.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from kwip.domain.errors import NotFoundError
from kwip.domain.media.attachments import SOURCE, AttachmentFile
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from kwip.domain.media.attachments import Attachment, Upload
    from kwip.domain.media.media import OpenFile
    from kwip.services.media.stored.purges import Purges
    from kwip.store.media import MediaStorage
    from kwip.store.posting.media.attachments import AttachmentStore


@dataclass(frozen=True, slots=True)
class AttachmentFiles:
    """Save, read, place and remove the files of attachments."""

    store: AttachmentStore
    media: MediaStorage
    purges: Purges

    def save(self, name: str, files: Mapping[str, IO[bytes]]) -> None:
        """Store the variants of a file among the private ones.

        Raises:
            StorageFullError: There is no space left.
            StoreUnavailableError: They cannot be stored.
        """
        for variant, content in files.items():
            path = AttachmentFile(name, variant, is_open=False).path
            self.media.save(path, content)

    def save_source(self, upload: Upload, content: IO[bytes]) -> None:
        """Store an uploaded video or sound until it is converted.

        Raises:
            StorageFullError: There is no space left.
            StoreUnavailableError: They cannot be stored.
        """
        for path in source_paths(upload):
            self.media.save(path, content)

    def fetch_source(self, upload: Upload, target: Path) -> bool:
        """Copy an uploaded video or sound to a place; False if it does not exist."""
        for path in source_paths(upload):
            found = self.media.open(path)
            if found is not None:
                with found.content, target.open("wb") as copy:
                    shutil.copyfileobj(found.content, copy)
                return True
        return False

    def remove_source(self, upload: Upload) -> None:
        """Delete an uploaded video or sound, if there is one; nobody else uses it."""
        for path in source_paths(upload):
            self.media.remove(path, older_than_s=math.inf)

    def read_open(self, path: str) -> OpenFile:
        """Open a file of an open post, by its path below `/media`.

        Raises:
            NotFoundError: There is none.
            StoreUnavailableError: It cannot be read.
        """
        file = AttachmentFile.parse(path)
        found = self.media.open(path) if file and file.is_open else None
        if found is None:
            raise NotFoundError(lazy_gettext("File not found."))
        return found

    def place(self, attachments: Iterable[Attachment], *, is_open: bool) -> bool:
        """See to it that the files are in a place; return whether all of them are.

        Must run before a post is stored, and again afterwards: somebody who deletes the
        same file in between does not know of this use yet.

        Raises:
            StorageFullError: There is no space left.
            StoreUnavailableError: They cannot be stored.
        """
        copied = [
            self.media.copy(
                AttachmentFile(each.file, variant, not is_open).path,
                AttachmentFile(each.file, variant, is_open).path,
            )
            for each in attachments
            for variant in each.variants
        ]
        return all(copied)

    def drop(self, attachments: Sequence[Attachment], *, is_open: bool) -> None:
        """Delete the files in a place, unless an attachment uses them there.

        Two queries: see `MediaStorage`. A CDN is asked to forget open ones.
        """
        names = {each.file for each in attachments}
        spare = names - self._used(names, is_open=is_open)
        paths = {
            each.file: [
                AttachmentFile(each.file, variant, is_open).path
                for variant in each.variants
            ]
            for each in attachments
        }
        aside = self.media.set_aside([path for name in spare for path in paths[name]])
        used = (names - spare) | self._used(spare, is_open=is_open)
        kept = {path for name in used for path in paths[name]}
        self.media.put_back(sorted(kept))
        gone = [path for path in aside if path not in kept]
        if is_open:
            self.purges.note(gone)
        self.media.discard(gone)
        if is_open:
            self.purges.hurry(gone)

    def _used(self, names: set[str], *, is_open: bool) -> set[str]:
        return self.store.used(sorted(names), is_open=is_open) if names else set()


def source_paths(upload: Upload) -> list[str]:
    """Return where an uploaded video or sound is, if it is still to be converted."""
    if upload.source is None:
        return []
    return [AttachmentFile(upload.source, SOURCE, is_open=False).path]
