"""Have a child process decode and resize uploaded pictures (`picture_child`)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.media import emojis
from kwip.domain.messages import Message, lazy_gettext
from kwip.services.media.converting.isolated import FailedError, Isolated, Limits
from kwip.services.media.converting.prepared import Kind, Prepared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.media.media import PictureKind
    from kwip.services.media.child.confined import Answer

#: The largest accepted pictures need 310 MB, including the program.
_MEMORY_BYTES = 500_000_000
_MEGA = 1_000_000
#: The longest side of an attached picture: when opened on its own, and in a timeline,
#: which is up to 400 pixels wide on phones with two or three dots per pixel.
LARGE_EDGE, SMALL_EDGE = 1_920, 800
_VARIANTS: dict[Kind, tuple[str, ...]] = {
    "image": ("large.webp", "small.webp"),
    "gifv": ("video.mp4", "large.webp", "small.webp"),
}
#: The name of the form's field for attachments.
FIELD = "file"


@dataclass(frozen=True, slots=True)
class DrawnEmoji:
    """The picture of an emoji, and the one without motion: the same unless it moves."""

    width: int
    height: int
    picture: bytes
    still: bytes


class Pictures:
    """Turn uploaded files into pictures in our sizes.

    Args:
        max_bytes: The largest file.
        limits: What the child may take.
    """

    def __init__(self, max_bytes: int, limits: Limits | None = None):
        self._max_bytes = max_bytes
        limits = limits or Limits(memory_bytes=_MEMORY_BYTES)
        self._child = Isolated("kwip.services.media.child.picture_child", limits)

    def draw(self, kind: PictureKind, file: IO[bytes]) -> dict[int, bytes]:
        """Draw a file in every size of a kind; WebP, by width, the largest first.

        Takes 0.2 s more if the child has to be started.

        Raises:
            InvalidError: It is not a usable picture; `fields` says why, under the
                kind's name.
            StoreUnavailableError: Too many are being drawn.
        """
        _, drawn = self._ask(kind.name, {"sizes": kind.sizes}, file)
        widths = [width for width, _ in kind.sizes]
        return dict(zip(widths, drawn, strict=True))

    def attach(self, file: IO[bytes]) -> Prepared:
        """Scale a file for a post; WebP in two sizes, whole, upright and in sRGB.

        An animated picture becomes a silent MP4 as well, of the kind `gifv`.
        Takes 0.2 s more if the child has to be started.

        Raises:
            InvalidError: It is not a usable picture; `fields` says why, under `file`.
            StoreUnavailableError: Too many are being drawn.
        """
        edges = (LARGE_EDGE, SMALL_EDGE)
        answer, parts = self._ask(FIELD, {"edges": edges}, file)
        kind: Kind = "image" if answer["duration_s"] is None else "gifv"
        (width, height), *_, (small_width, small_height) = answer["sizes"]
        return Prepared(
            kind=kind,
            files=dict(zip(_VARIANTS[kind], parts, strict=True)),
            width=width,
            height=height,
            small_width=small_width,
            small_height=small_height,
            blurhash=answer["blurhash"],
            duration_s=answer["duration_s"],
        )

    def draw_emoji(self, file: IO[bytes]) -> DrawnEmoji:
        """Scale a file for a custom emoji; WebP, whole.

        Raises:
            InvalidError: It is not a usable picture; `fields` says why, under `file`.
            StoreUnavailableError: Too many are being drawn.
        """
        if file.seek(0, os.SEEK_END) > emojis.MAX_BYTES:
            limit = lazy_gettext(
                "Use an image of up to %(size)s KB.", size=emojis.MAX_BYTES // 1_000
            )
            raise _refused(FIELD, limit)
        answer, parts = self._ask(FIELD, {"emoji_edge": emojis.EDGE}, file)
        width, height = answer["size"]
        return DrawnEmoji(width, height, parts[0], parts[-1])

    def still(self, name: str, file: IO[bytes]) -> Prepared:
        """Scale a file to one small, still picture; a WebP file of this name.

        Raises:
            InvalidError: It is not a usable picture.
            StoreUnavailableError: Too many are being drawn.
        """
        answer, [content] = self._ask(FIELD, {"still_edge": SMALL_EDGE}, file)
        [(width, height)] = answer["sizes"]
        return Prepared(
            kind="image",
            files={name: content},
            width=width,
            height=height,
            small_width=width,
            small_height=height,
            blurhash=answer["blurhash"],
        )

    def close(self) -> None:
        """End the child, if there is one."""
        self._child.close()

    def _ask(
        self, field: str, question: Mapping[str, object], file: IO[bytes]
    ) -> Answer:
        wrong = wrong_size(file.seek(0, os.SEEK_END), self._max_bytes)
        if wrong:
            raise _refused(field, wrong)
        try:
            answer, parts = self._child.run(question, file)
        except FailedError as error:
            raise _refused(
                field,
                lazy_gettext("This picture can't be processed. Choose another one."),
            ) from error
        if "refused" in answer:
            raise _refused(field, Message.of(answer["refused"]))
        return answer, parts


def wrong_size(size: int, max_bytes: int) -> str:
    """Return why a file cannot be used because of its size, if so."""
    if not size:
        return lazy_gettext("This file is empty.")
    if size > max_bytes:
        return lazy_gettext(
            "This file has %(size)s MB. The limit is %(limit)s MB.",
            size=f"{size / _MEGA:.1f}",
            limit=f"{max_bytes / _MEGA:.1f}",
        )
    return ""


def _refused(field: str, why: str) -> InvalidError:
    return InvalidError(lazy_gettext("This picture can't be used."), {field: why})
