"""`kwip export`: write what belongs to one user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.bars import Bars
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.services.backups.user_export import KWIPS, UserExport

if TYPE_CHECKING:
    from config.settings import Settings


@click.group("export")
def command() -> None:
    """Write what belongs to one user."""


@command.command("user")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def user(settings: Settings, name: str, file: Path, *, as_json: bool) -> None:
    """Write everything of the user NAME into the new ZIP archive FILE.

    It has the profile, kwips with earlier versions and files, follows, blocks, mutes,
    lists, favourites and bookmarks, as JSON Lines. `kwip import` brings it into another
    Kwip. It has private kwips, too: only its owner can read the file.
    """
    username = name.removeprefix("@").lower()
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        media = wiring.services.attachments.files.media
        export = UserExport(wiring.stores, media, system_clock_ms)
        manifest = export.create(username, file, bars)
    kwips, size = manifest.members[KWIPS].count, file.stat().st_size
    if as_json:
        row = {"file": str(file), "username": username, "kwips": kwips, "bytes": size}
        print_json(row)
        return
    click.echo(f"{file}: {numbered(kwips, 'kwip')} of @{username}, {size} bytes")
