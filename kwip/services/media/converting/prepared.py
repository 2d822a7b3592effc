"""What an uploaded file becomes: the variants to store, and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["image", "gifv", "video", "audio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a prepared file shows.

    Widths and heights are pixels: of the picture or video, and of its small picture.

    Attributes:
        blurhash: What to show while it loads; None without a picture.
        duration_s: How long it plays; None for a picture.
    """

    kind: Kind
    width: int
    height: int
    small_width: int
    small_height: int
    blurhash: str | None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(Shown):
    """An uploaded picture, ready to be stored.

    Attributes:
        files: The content of each variant, by the suffix of its file. The first is the
            file itself, the last one the smallest picture of it.
    """

    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcoded(Shown):
    """An uploaded video or sound, ready to be stored.

    Attributes:
        files: Where each variant is, by the suffix of its file. The first is the file
            itself, the last one the smallest picture of a video.
    """

    files: Mapping[str, Path]
