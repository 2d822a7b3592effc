"""`kwip backup`: make, check, restore and remove backups."""

from __future__ import annotations

import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwip.cli import (
    FOUND,
    dry_run_option,
    json_option,
    numbered,
    print_json,
    throttle_option,
)
from kwip.cli.bars import Bars
from kwip.cli.restoring.restored import restored
from kwip.cli.restoring.verified import verified
from kwip.cli.running import connected
from kwip.domain.clock import at, system_clock_ms
from kwip.services.backups.archive import Archive
from kwip.services.backups.backup import Backup, Contents
from kwip.services.backups.kept import backups_in, expendable, name_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings
    from kwip.services.backups.kept import Kept
    from kwip.services.backups.manifests import Manifest
    from kwip.wiring import Wiring

_MB = 1_000_000
_BUCKET = (
    "The files in the bucket are not in this backup: use the bucket's own versioning"
    " or replication."
)
_path = partial(click.Path, path_type=Path)


@click.group("backup")
def command() -> None:
    """Make, check, restore and remove backups."""


@command.command("create")
@click.argument("place", required=False, type=_path())
@click.option(
    "--with-secrets", is_flag=True, help="Include the keys that sign cookies."
)
@click.option("--without-media", is_flag=True, help="Leave out uploaded files.")
@throttle_option("Milliseconds to pause after every 10,000 documents.")
@json_option
@click.pass_obj
def create(
    settings: Settings,
    *,
    place: Path | None,
    with_secrets: bool,
    without_media: bool,
    throttle: int,
    as_json: bool,
) -> None:
    """Make a backup of the database and of uploaded files.

    PLACE is a folder, or the name of a new file. Without it, the backup goes to the
    folder backups in KWIP_HOME. The site can stay online: the backup is consistent, and
    contains everything that was acknowledged before the time it names.
    """
    began = time.monotonic()
    if place is None:
        settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _file_at(place or settings.home / "backups")
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        backup = Backup(wiring.store, wiring.jobs, system_clock_ms)
        contents = _contents(
            wiring, settings, has_secrets=with_secrets, has_media=not without_media
        )
        manifest = backup.create(path, contents, throttle / 1_000, bars)
    row = _row(path, path.stat().st_size, manifest)
    row["seconds"] = round(time.monotonic() - began, 1)
    if as_json:
        print_json(row)
        return
    click.echo(f"{path}: {_told(row)}; {row['seconds']} s")
    if manifest.media == "bucket":
        click.echo(_BUCKET)


def _file_at(place: Path) -> Path:
    """Return the file to write; makes its folder, readable by its owner only."""
    is_file = place.suffix == ".zip" and not place.is_dir()
    folder = place.parent if is_file else place
    if not folder.parent.is_dir():
        raise click.UsageError(
            f"PLACE: {folder.parent} does not exist: mount its disk, or create it."
        )
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"PLACE: {folder}: {error.strerror}.") from error
    return place if is_file else folder / name_at(at(system_clock_ms()))


def _contents(
    wiring: Wiring, settings: Settings, *, has_secrets: bool, has_media: bool
) -> Contents:
    keys = wiring.endpoints.secret_keys if has_secrets else ()
    if not has_media:
        return Contents(media=None, media_note="left out", secret_keys=keys)
    if settings.media_store_uri:
        return Contents(media=None, media_note="bucket", secret_keys=keys)
    media = wiring.services.attachments.files.media
    return Contents(media=media, media_note="included", secret_keys=keys)


@command.command("verify")
@click.argument("file", type=_path())
@click.option(
    "--folder",
    type=_path(exists=True, file_okay=False),
    help="Where to restore it for the check; a temporary folder by default.",
)
@json_option
@click.pass_obj
def verify(
    settings: Settings, *, file: Path, folder: Path | None, as_json: bool
) -> int:
    """Restore a backup into a private database, and check it there.

    Compares checksums, restores everything, runs fsck and all reindex verifications,
    and looks for missing files. The site is not touched, and may be online. The folder
    needs space for the whole database, but not for uploaded files. Exits with 1 if
    there is a problem.
    """
    began = time.monotonic()
    with closing(Archive(file)) as archive, Bars(is_quiet=as_json) as bars:
        findings = verified(settings, archive, folder, bars)
    row = _row(file, file.stat().st_size, archive.manifest)
    row |= {"findings": findings, "seconds": round(time.monotonic() - began, 1)}
    if as_json:
        print_json(row)
    else:
        for finding in findings:
            click.echo(finding)
        problems = numbered(len(findings), "problem") if findings else "No problems"
        click.echo(f"{problems} found: {_told(row)}; {row['seconds']} s")
    return FOUND if findings else 0


@command.command("restore")
@click.argument("file", type=_path())
@click.option(
    "--replace",
    "replaces",
    is_flag=True,
    help="Delete the database that exists, and restore in its place.",
)
@click.option(
    "--with-secrets", is_flag=True, help="Restore the keys that sign cookies, too."
)
@json_option
@click.pass_obj
def restore(
    settings: Settings, *, file: Path, replaces: bool, with_secrets: bool, as_json: bool
) -> None:
    """Restore a backup: database, indexes and uploaded files.

    Stop Kwip first. The private MongoDB is started for the restore. Checksums are
    compared and every document and file is read before anything is changed. If the
    command is interrupted, run it again with --replace.
    """
    began = time.monotonic()
    with closing(Archive(file)) as archive, Bars(is_quiet=as_json) as bars:
        files = restored(
            settings, archive, bars, replaces=replaces, has_secrets=with_secrets
        )
    row = _row(file, file.stat().st_size, archive.manifest)
    row |= {"files": files, "seconds": round(time.monotonic() - began, 1)}
    if as_json:
        print_json(row)
        return
    click.echo(f"restored {_told(row)}, {numbered(files, 'file')}; {row['seconds']} s")


@command.command("list")
@click.argument("folder", required=False, type=_path())
@json_option
@click.pass_obj
def show(settings: Settings, *, folder: Path | None, as_json: bool) -> int:
    """List the backups in a folder, the oldest first.

    The folder backups in KWIP_HOME by default. Exits with 1 if a file is no complete
    backup.
    """
    found = backups_in(folder or settings.home / "backups")
    broken = [str(kept.path) for kept in found if kept.manifest is None]
    if as_json:
        print_json({"backups": _rows(found), "findings": broken})
        return FOUND if broken else 0
    for kept in found:
        if kept.manifest:
            click.echo(f"{kept.path}: {_told(_row(*_parts(kept)))}")
    for path in broken:
        click.echo(f"{path}: not a complete backup")
    return FOUND if broken else 0


@command.command("prune")
@click.argument("folder", required=False, type=_path())
@click.option(
    "--keep-daily",
    type=click.IntRange(min=0),
    default=7,
    show_default=True,
    help="Days of which to keep the last backup.",
)
@click.option(
    "--keep-weekly",
    type=click.IntRange(min=0),
    default=4,
    show_default=True,
    help="Weeks of which to keep the last backup.",
)
@dry_run_option
@json_option
@click.pass_obj
def prune(
    settings: Settings,
    *,
    folder: Path | None,
    keep_daily: int,
    keep_weekly: int,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Delete old backups from a folder.

    The folder backups in KWIP_HOME by default. Days and weeks without a backup do not
    count. The newest backup is always kept, and so are files with names that backup
    create does not choose, and files that are no complete backups.
    """
    found = backups_in(folder or settings.home / "backups")
    old = expendable(found, daily=keep_daily, weekly=keep_weekly)
    if not dry_run:
        for kept in old:
            kept.path.unlink(missing_ok=True)
    if as_json:
        print_json({"removed": _rows(old), "is_dry_run": dry_run})
        return
    for kept in old:
        click.echo(str(kept.path))
    what = "would be deleted" if dry_run else "deleted"
    click.echo(f"{numbered(len(old), 'backup')} {what}")


def _rows(found: Sequence[Kept]) -> list[dict[str, object]]:
    return [_row(*_parts(kept)) for kept in found if kept.manifest]


def _parts(kept: Kept) -> tuple[Path, int, Manifest]:
    assert kept.manifest is not None  # noqa: S101 -- the callers have looked
    return kept.path, kept.bytes, kept.manifest


def _row(path: Path, size: int, manifest: Manifest) -> dict[str, object]:
    return {
        "file": str(path),
        "bytes": size,
        "taken_at": manifest.taken_at.isoformat(),
        "version": manifest.version,
        "documents": manifest.documents,
        "media": manifest.media,
    }


def _told(row: dict[str, object]) -> str:
    size, documents = int(str(row["bytes"])), int(str(row["documents"]))
    return (
        f"{numbered(documents, 'document')} as of {row['taken_at']},"
        f" {size / _MB:.1f} MB, files {row['media']}"
    )
