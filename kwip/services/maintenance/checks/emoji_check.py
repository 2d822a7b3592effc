"""Check that the pictures of custom emoji are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.maintenance.checks.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.media.emojis import EmojiSet
    from kwip.store.media import MediaStorage


def check_emojis(emojis: EmojiSet, media: MediaStorage) -> Iterator[Finding]:
    """Look for emoji without a picture; one look for each file."""
    for each in emojis:
        if not all(media.has(path) for path in each.paths):
            yield Finding(
                "emojis",
                each.shortcode,
                "its picture is missing",
                "add it again with `kwip emoji add --replace`",
            )
