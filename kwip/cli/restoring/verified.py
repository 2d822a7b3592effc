"""Restore a backup where nobody sees it, and check everything there."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from kwip.cli.media import audit_of
from kwip.cli.reindex import verify_timelines
from kwip.cli.reindexing.rebuilds import run_rebuild
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.embedded.databases import databases_alone
from kwip.services.backups.restoring import Restore
from kwip.services.maintenance.checks.emoji_check import check_emojis
from kwip.services.maintenance.checks.fsck import Fsck
from kwip.services.maintenance.checks.joining_check import check_joining
from kwip.store.maintenance.audit import AuditStore
from kwip.store.maintenance.joining_audit import JoiningAuditStore
from kwip.store.maintenance.restoring import RestoreStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from kwip.cli.bars import Bars
    from kwip.services.backups.archive import Archive
    from kwip.wiring import Wiring

_REBUILT = ("counters", "tags", "repeats", "search")
_CACHE_MB = 256
_PART = 1 << 20


def verified(
    settings: Settings, archive: Archive, folder: Path | None, bars: Bars
) -> list[str]:
    """Return what is wrong with a backup, in words."""
    with tempfile.TemporaryDirectory(prefix="kwip-verify-", dir=folder) as root:
        private = _private(settings, Path(root))
        with databases_alone(private):
            with connected(private) as wiring:
                findings = _restored(wiring, archive, private, bars)
            findings += _recomputed(private)
    return findings


def _private(settings: Settings, root: Path) -> Settings:
    """Return the same settings for a home and servers of its own."""
    return replace(
        settings,
        home=root / "home",
        media_folder=root / "media",
        media_store_uri=None,
        mongodb_uri=None,
        mongod_cache_mb=max(settings.mongod_cache_mb, _CACHE_MB),
        redis_cache_uri=None,
        redis_cache_uris=None,
        cache_node="cache",
        redis_queue_uri=None,
        redis_realtime_uri=None,
    )


def _restored(
    wiring: Wiring, archive: Archive, private: Settings, bars: Bars
) -> list[str]:
    restore = Restore(archive, RestoreStore(wiring.store), system_clock_ms)
    restore.database(bars, replaces=False)
    taken_ms = int(archive.manifest.taken_at.timestamp() * 1_000)
    # Deliveries that were pending then are no older now.
    report = Fsck(AuditStore(wiring.store), lambda: taken_ms).run(bars)
    found = [*report.findings, *check_joining(JoiningAuditStore(wiring.store))]
    missing = []
    if archive.manifest.media == "included":
        restore.files(bars, _Placeholders(private.media_folder).save)
        media = wiring.services.attachments.files.media
        found += check_emojis(wiring.services.emojis.stored(), media)
        missing = audit_of(wiring).inventory().missing
    return [
        *(f"fsck: {each.check}: {each.id}: {each.problem}" for each in found),
        *(f"media: the {each.kind} {each.picture} is missing" for each in missing),
    ]


def _recomputed(private: Settings) -> list[str]:
    outcomes = [verify_timelines(private, None, is_quiet=True)]
    outcomes += [run_rebuild(private, what, None, is_quiet=True) for what in _REBUILT]
    return [line for each in outcomes if each.is_found for line in each.lines]


class _Placeholders:
    """Reads files, and creates empty ones of the same size, which take no space."""

    def __init__(self, root: Path):
        self._root = root

    def save(self, path: str, content: IO[bytes]) -> None:
        """Create a file instead of storing it."""
        size = sum(map(len, _parts(content)))
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            file.truncate(size)


def _parts(content: IO[bytes]) -> Iterator[bytes]:
    while part := content.read(_PART):
        yield part
