"""`kwip emoji`: manage the custom emoji of the site."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected
from kwip.domain.errors import InvalidError
from kwip.services.media.emojis import NewEmoji

if TYPE_CHECKING:
    from collections.abc import Sequence

    from config.settings import Settings

_SUFFIXES = frozenset({".png", ".gif", ".webp"})
_category = click.option(
    "--category", default="", help="Offer it under this heading in pickers."
)
_replace = click.option(
    "--replace", "replaces", is_flag=True, help="Replace emoji that exist already."
)


@click.group("emoji")
def command() -> None:
    """Manage custom emoji.

    A change is visible on the whole site within a second. Files may be PNG, GIF or
    WebP of up to 256 KB; larger pictures are scaled down to 128 pixels.
    """


@command.command("add")
@click.argument("shortcode")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_category
@_replace
@reason_option
@json_option
@click.pass_obj
def add(
    settings: Settings,
    *,
    shortcode: str,
    file: Path,
    category: str,
    replaces: bool,
    as_json: bool,
) -> None:
    """Add an emoji from an image file."""
    shortcode = shortcode.strip(":")
    with connected(settings) as wiring, file.open("rb") as content:
        new = NewEmoji(name=file.name, shortcode=shortcode, file=content)
        wiring.services.emoji_changes.add(
            [new], order(), category=category, replaces=replaces
        )
    _report("added", [shortcode], as_json=as_json)


@command.command("import")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_category
@_replace
@reason_option
@json_option
@click.pass_obj
def import_folder(
    settings: Settings, *, folder: Path, category: str, replaces: bool, as_json: bool
) -> None:
    """Add all PNG, GIF and WebP images in a folder.

    The names of the files are the short codes. If there is a problem with any of them,
    each problem is shown and nothing is added.
    """
    files = sorted(f for f in folder.iterdir() if f.suffix.lower() in _SUFFIXES)
    if not files:
        raise click.ClickException(f"There is no PNG, GIF or WebP in {folder}.")
    with connected(settings) as wiring, ExitStack() as opened:
        new = [
            NewEmoji(
                name=file.name,
                shortcode=file.stem,
                file=opened.enter_context(file.open("rb")),
            )
            for file in files
        ]
        try:
            wiring.services.emoji_changes.add(
                new, order(), category=category, replaces=replaces
            )
        except InvalidError as error:
            for name, what in error.fields.items():
                click.echo(f"kwip: {name}: {what}", err=True)
            raise InvalidError(error.message) from error
    _report("added", [each.shortcode for each in new], as_json=as_json)


@command.command("list")
@json_option
@click.pass_obj
def show(settings: Settings, *, as_json: bool) -> None:
    """List the emoji by category."""
    with connected(settings) as wiring:
        found = wiring.services.emojis.stored()
    if as_json:
        rows = [
            {
                "shortcode": each.shortcode,
                "category": each.category,
                "is_animated": each.is_animated,
                "files": sorted(each.paths),
            }
            for each in found
        ]
        print_json({"emojis": rows})
        return
    for each in found:
        what = "animated" if each.is_animated else ""
        click.echo(f":{each.shortcode + ':':<24} {each.category:<20} {what}".rstrip())
    click.echo(f"{len(found)} emoji")


@command.command("remove")
@click.argument("shortcodes", nargs=-1, required=True, metavar="SHORTCODE...")
@reason_option
@json_option
@click.pass_obj
def remove(settings: Settings, *, shortcodes: tuple[str, ...], as_json: bool) -> None:
    """Remove emoji and their pictures."""
    codes = [code.strip(":") for code in shortcodes]
    with connected(settings) as wiring:
        wiring.services.emoji_changes.remove(codes, order())
    _report("removed", codes, as_json=as_json)


def _report(what: str, codes: Sequence[str], *, as_json: bool) -> None:
    if as_json:
        print_json({what: codes})
    else:
        click.echo(f"{what} {' '.join(f':{code}:' for code in codes)}")
