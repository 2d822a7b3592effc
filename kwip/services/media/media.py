"""Profile pictures: draw, store, serve and remove them.

A stored picture has no owner of its own: it is used as long as a user's document names
it. So there is no second record to contradict that, and a file that no user names is an
orphan.
"""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

from kwip.domain.errors import NotFoundError
from kwip.domain.media.media import PictureFile, picture_name
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    from kwip.domain.media.media import OpenFile, PictureKind
    from kwip.services.media.converting.pictures import Pictures
    from kwip.services.media.stored.purges import Purges
    from kwip.store.media import MediaStorage


class Media:
    """The uploaded pictures.

    Args:
        pictures: What draws them.
        stored: Where they are.
        purges: What has a CDN forget those that are removed.
    """

    def __init__(self, pictures: Pictures, stored: MediaStorage, purges: Purges):
        self._pictures = pictures
        self._stored = stored
        self.purges = purges

    def draw(self, kind: PictureKind, file: IO[bytes]) -> dict[int, bytes]:
        """Draw an uploaded file in every width; stores nothing yet.

        Raises:
            InvalidError: It cannot be used; `fields` says why, under the kind's name.
            StoreUnavailableError: Too many are being drawn.
        """
        return self._pictures.draw(kind, file)

    def close(self) -> None:
        """End the drawing process."""
        self._pictures.close()

    def save(self, drawn: dict[int, bytes]) -> str:
        """Store a picture in all its sizes, and return its name.

        Raises:
            StorageFullError: There is no space left.
            StoreUnavailableError: It cannot be stored.
        """
        name = picture_name(drawn.values())
        for width, content in drawn.items():
            self._stored.save(PictureFile(name, width).path, io.BytesIO(content))
        return name

    def remove(self, kind: PictureKind, name: str, *, older_than_s: float) -> bool:
        """Remove a picture, unless it was saved (again) after a time.

        Raises:
            StoreUnavailableError: The files cannot be reached.
        """
        paths = [PictureFile(name, width).path for width, _ in kind.sizes]
        self.purges.note(paths)
        gone = [self._stored.remove(p, older_than_s=older_than_s) for p in paths]
        self.purges.hurry(paths)
        return any(gone)

    def open(self, path: str) -> OpenFile:
        """Open a file by its path below `/media`.

        Raises:
            NotFoundError: There is none.
            StoreUnavailableError: It cannot be read.
        """
        file = PictureFile.parse(path.rpartition("/")[2])
        is_ours = file is not None and file.path == path
        found = self._stored.open(path) if is_ours else None
        if found is None:
            raise NotFoundError(lazy_gettext("Picture not found."))
        return found
