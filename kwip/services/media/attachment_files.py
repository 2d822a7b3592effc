"""The files of attachments, in two places: open to everybody, and private.

Two uploads of the same file share its name, so what an attachment no longer needs is
only deleted if no other one uses it in that place.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from kwip.domain.attachments import SOURCE, AttachmentFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from kwip.domain.attachments import Attachment, Upload
    from kwip.domain.clock import ClockMs
    from kwip.store.media import MediaFolder
    from kwip.store.posting.attachments import AttachmentStore


@dataclass(frozen=True, slots=True)
class AttachmentFiles:
    """Save, place and remove the files of attachments."""

    store: AttachmentStore
    folder: MediaFolder
    clock: ClockMs

    def save(self, name: str, files: Mapping[str, IO[bytes]]) -> None:
        """Store the variants of a file among the private ones.

        Raises:
            StorageFullError: The disk is full.
            StoreUnavailableError: The folder cannot be written to.
        """
        for variant, content in files.items():
            path = AttachmentFile(name, variant, is_open=False).path
            self.folder.save(path, content)

    def save_source(self, upload: Upload, content: IO[bytes]) -> None:
        """Store an uploaded video or sound until it is converted.

        Raises:
            StorageFullError: The disk is full.
            StoreUnavailableError: The folder cannot be written to.
        """
        for path in source_paths(upload):
            self.folder.save(path, content)

    def fetch_source(self, upload: Upload, target: Path) -> bool:
        """Copy an uploaded video or sound to a place; False if it does not exist."""
        for path in source_paths(upload):
            found = self.folder.open(path)
            if found is not None:
                with found.content, target.open("wb") as copy:
                    shutil.copyfileobj(found.content, copy)
                return True
        return False

    def remove_source(self, upload: Upload) -> None:
        """Delete an uploaded video or sound, if there is one; nobody else uses it."""
        for path in source_paths(upload):
            self.folder.remove(path, older_than_s=math.inf)

    def place(self, attachments: Iterable[Attachment], *, is_open: bool) -> None:
        """See to it that the files are in a place, from wherever they are.

        Must run before a post is stored, and again afterwards: somebody who deletes the
        same file in between does not know of this use yet.

        Raises:
            StorageFullError: The disk is full.
            StoreUnavailableError: The folder cannot be written to.
        """
        for each in attachments:
            for variant in each.variants:
                self.folder.copy(
                    AttachmentFile(each.file, variant, not is_open).path,
                    AttachmentFile(each.file, variant, is_open).path,
                )

    def drop(self, attachments: Sequence[Attachment], *, is_open: bool) -> None:
        """Delete the files in a place, unless an attachment uses them there.

        One query.
        """
        if not attachments:
            return
        asked_s = self.clock() / 1_000
        used = self.store.used([each.file for each in attachments], is_open=is_open)
        for each in attachments:
            for variant in each.variants if each.file not in used else ():
                path = AttachmentFile(each.file, variant, is_open).path
                self.folder.remove(path, older_than_s=asked_s)


def source_paths(upload: Upload) -> list[str]:
    """Return where an uploaded video or sound is, if it is still to be converted."""
    if upload.source is None:
        return []
    return [AttachmentFile(upload.source, SOURCE, is_open=False).path]
