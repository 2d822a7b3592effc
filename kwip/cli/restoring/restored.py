"""Restore a backup into the installation of the settings, while Kwip is stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.cli.checking import agreement
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import ConflictError
from kwip.embedded.databases import databases_alone
from kwip.embedded.home_folder import HomeFolder
from kwip.services.backups.restoring import Restore, secret_keys
from kwip.store.maintenance.restoring import RestoreStore

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.services.backups.archive import Archive
    from kwip.services.maintenance.progress import Progress
    from kwip.wiring import Wiring


def restored(
    settings: Settings,
    archive: Archive,
    progress: Progress,
    *,
    replaces: bool,
    has_secrets: bool,
) -> int:
    """Restore everything; return the number of uploaded files.

    Raises:
        ConflictError: Kwip runs, the database is not empty, or keys would not be used.
    """
    keys = _keys(settings, archive) if has_secrets else None
    with databases_alone(settings), connected(settings) as wiring:
        _require_silence(wiring)
        restore = Restore(archive, RestoreStore(wiring.store), system_clock_ms)
        restore.database(progress, replaces=replaces)
        files = 0
        if archive.manifest.media == "included":
            media = wiring.services.attachments.files.media
            files = restore.files(progress, media.save)
        if keys is not None:
            HomeFolder(settings.home).replace_secret("flask", keys)
    return files


def _keys(settings: Settings, archive: Archive) -> str:
    if settings.secret_keys or settings.secret_keys_in_file:
        raise ConflictError(
            "The keys in the backup would not be used, because KWIP_SECRET_KEY or"
            " KWIP_SECRET_KEY_FILE is set. Unset it, or leave out --with-secrets."
        )
    return secret_keys(archive)


def _require_silence(wiring: Wiring) -> None:
    """Refuse while a process of the site runs, on whatever machine."""
    if running := agreement.running(wiring):
        first = agreement.title(running[0])
        raise ConflictError(
            f"Kwip is running with this database ({first}). Stop it on all machines,"
            " and run the command again. A process that was killed counts as running"
            " for a minute."
        )
