"""`kwip media`: manage uploaded files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, dry_run_option, json_option, numbered, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected
from kwip.domain.accounts.audit_log import Action
from kwip.domain.clock import at, system_clock_ms
from kwip.services.maintenance.checks.media_audit import MediaAudit
from kwip.store.emojis import EmojiStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings
    from kwip.services.maintenance.checks.media_audit import Missing
    from kwip.store.media import StoredFile
    from kwip.wiring import Wiring

#: The most files that are listed.
_MOST = 1_000


@click.group("media")
def command() -> None:
    """Manage uploaded files."""


@command.command("usage")
@json_option
@click.pass_obj
def usage(settings: Settings, *, as_json: bool) -> int:
    """Show the number and size of uploaded files by kind.

    Exits with 1 if a file of a user, a kwip or an emoji is missing.
    """
    with connected(settings) as wiring:
        found = audit_of(wiring).inventory()
    kinds = {
        kind: {"files": found.files[kind], "bytes": found.bytes[kind]}
        for kind in sorted(found.files)
    }
    orphans = {"files": len(found.orphans), "bytes": _size(found.orphans)}
    if as_json:
        missing = [
            {**_owner(m), "kind": m.kind, "picture": m.picture} for m in found.missing
        ]
        print_json({"kinds": kinds, "orphans": orphans, "findings": missing})
        return FOUND if missing else 0
    for kind, row in {**kinds, "orphans": orphans}.items():
        name = "unused" if kind == "orphans" else kind
        files, size = numbered(row["files"], "file"), numbered(row["bytes"], "byte")
        click.echo(f"{name:<10}{files:>16}{size:>21}")
    for m in found.missing:
        owner = f":{m.shortcode}:" if m.shortcode else f"user {m.user_id}"
        click.echo(f"missing: {m.kind} {m.picture} of {owner}")
    return FOUND if found.missing else 0


@command.command("orphans")
@json_option
@click.pass_obj
def orphans(settings: Settings, *, as_json: bool) -> int:
    """List files that no user, attachment, emoji or link preview has.

    Files less than an hour old are left out. Exits with 1 if there are any.
    """
    with connected(settings) as wiring:
        found = audit_of(wiring).inventory().orphans
    if as_json:
        print_json({"findings": _rows(found)})
    else:
        for file in found:
            click.echo(f"{file.size:>10} {file.path}")
        click.echo(f"{_counted(found)} unused")
    return FOUND if found else 0


@command.command("prune")
@click.option(
    "--force", "is_sure", is_flag=True, help="Delete even if no user has a picture."
)
@dry_run_option
@reason_option
@json_option
@click.pass_obj
def prune(settings: Settings, *, is_sure: bool, dry_run: bool, as_json: bool) -> None:
    """Delete files that no user, attachment, emoji or link preview has.

    Files less than an hour old are kept. If no user has any picture, nothing is
    deleted, because this may be the wrong database. Use --force to delete anyway.
    """
    with connected(settings) as wiring:
        audit = audit_of(wiring)
        if dry_run:
            found = audit.orphans(is_sure=is_sure)
        else:
            details = {"is_forced": is_sure}
            wiring.services.audit_log.record(
                order(), Action.PRUNE_MEDIA, "media", details
            )
            found = audit.prune(is_sure=is_sure)
    if as_json:
        print_json({"removed": _rows(found), "is_dry_run": dry_run})
        return
    click.echo(f"{_counted(found)} {'would be deleted' if dry_run else 'deleted'}")


@command.command("purges")
@click.option("--replay", is_flag=True, help="Try those again that were given up.")
@json_option
@click.pass_obj
def purges(settings: Settings, *, replay: bool, as_json: bool) -> int:
    """List what a CDN has yet to forget, and why.

    Those are files, and keys of widgets. After 30 attempts within about a day, Kwip
    gives up. Exits with 1 if there are such files or keys.
    """
    with connected(settings) as wiring:
        store = wiring.services.attachments.files.purges.store
        replayed = store.replay(at(system_clock_ms())) if replay else 0
        waiting = store.listed(is_dead=False, limit=_MOST)
        dead = store.listed(is_dead=True, limit=_MOST)
    if as_json:
        rows = {"waiting": waiting, "findings": dead}
        found = {name: [each._asdict() for each in r] for name, r in rows.items()}
        print_json({**found, "replayed": replayed})
        return FOUND if dead else 0
    for title, found_ones in (("waiting", waiting), ("given up", dead)):
        click.echo(f"{numbered(len(found_ones), 'purge')} {title}")
        for each in found_ones:
            click.echo(f"{each.attempts:>4} {each.path} {each.problem}")
    return FOUND if dead else 0


def audit_of(wiring: Wiring) -> MediaAudit:
    """Make the service that looks for files."""
    services = wiring.services
    files = services.attachments.files
    return MediaAudit(
        media=files.media,
        users=wiring.stores.users,
        attachments=services.attachments.store,
        emojis=EmojiStore(wiring.store),
        previews=services.previews,
        purges=files.purges,
        clock=system_clock_ms,
        transfers=(services.exports.store, services.imports.store),
    )


def _owner(missing: Missing) -> dict[str, str]:
    if missing.shortcode:
        return {"shortcode": missing.shortcode}
    return {"user_id": str(missing.user_id)}


def _rows(files: Sequence[StoredFile]) -> list[dict[str, object]]:
    return [{"path": file.path, "bytes": file.size} for file in files]


def _counted(files: Sequence[StoredFile]) -> str:
    """Write the number and size of files."""
    return f"{numbered(len(files), 'file')} ({numbered(_size(files), 'byte')})"


def _size(files: Sequence[StoredFile]) -> int:
    return sum(file.size for file in files)
