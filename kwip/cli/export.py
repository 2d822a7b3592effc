"""`kwip export`: write what belongs to one user."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.bars import Bars
from kwip.cli.running import connected
from kwip.services.backups.user_export import KWIPS

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

    It has the profile, settings, kwips with earlier versions and files, replies by
    guests, follows, followers, blocks, mutes, lists, notes, followed hashtags,
    favourites and bookmarks, as JSON Lines and as pages: open index.html in a browser.
    `kwip import` brings it into another Kwip. It has private kwips, too: only its owner
    can read the file.
    """
    username = name.removeprefix("@").lower()
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        manifest = wiring.services.exports.writer.create(username, file, bars)
    kwips, size = manifest.members[KWIPS].count, file.stat().st_size
    if as_json:
        row = {"file": str(file), "username": username, "kwips": kwips, "bytes": size}
        print_json(row)
        return
    click.echo(f"{file}: {numbered(kwips, 'kwip')} of @{username}, {size} bytes")
