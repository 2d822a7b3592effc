"""Tell whose archive a file is, and read the kwips in it, the oldest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.services.backups.sources import kwip_archives, mastodon, twitter
from kwip.services.backups.user_export import KWIPS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.services.backups.sources.containers import Container
    from kwip.services.backups.sources.items import ImportedKwip


def source_of(container: Container) -> str:
    """Return `kwip`, `mastodon` or `twitter`.

    Raises:
        InvalidError: It is none of their archives.
    """
    names = list(container.names())
    if KWIPS in names:
        return "kwip"
    if _outbox(names):
        return "mastodon"
    if any(map(twitter.PARTS.fullmatch, names)):
        return "twitter"
    raise InvalidError(
        lazy_gettext(
            "This isn't an archive of Kwip, Mastodon or Twitter: it contains no "
            "kwips.jsonl, outbox.json or data/tweets.js."
        )
    )


def kwips_of(container: Container) -> list[ImportedKwip]:
    """Read all kwips of an archive, so that replies come after what they reply to.

    Raises:
        InvalidError: It can't be read.
    """
    return sorted(_kwips(container), key=lambda kwip: kwip.written_ms)


def _kwips(container: Container) -> Iterator[ImportedKwip]:
    source, names = source_of(container), list(container.names())
    if source == "kwip":
        return kwip_archives.kwips_in(container)
    if source == "mastodon":
        return mastodon.kwips_in(container, _outbox(names))
    return twitter.kwips_in(container, list(filter(twitter.PARTS.fullmatch, names)))


def _outbox(names: list[str]) -> str:
    ends = f"/{mastodon.OUTBOX}"
    return next((name for name in names if f"/{name}".endswith(ends)), "")
