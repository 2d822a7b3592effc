"""What an uploaded file becomes: the variants to store, and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["image", "gifv", "video", "audio"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """An uploaded file, ready to be stored.

    Widths and heights are pixels: of the picture or video, and of its small picture.

    Attributes:
        files: The content of each variant, by the suffix of its file. The first is the
            file itself, the last one the smallest picture of it.
        blurhash: What to show while it loads; None without a picture.
        duration_s: How long it plays; None for a picture.
    """

    kind: Kind
    files: Mapping[str, bytes]
    width: int
    height: int
    small_width: int
    small_height: int
    blurhash: str | None
    duration_s: float | None = None
