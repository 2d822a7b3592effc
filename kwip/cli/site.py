"""`kwip site`: the settings that administrators change while the site runs."""

from __future__ import annotations

from dataclasses import fields
from typing import IO, TYPE_CHECKING, cast, get_args

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected
from kwip.domain.accounts.site import SettingName, SiteSettings
from kwip.services.accounts.joining.site import shown

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.domain.accounts.site import SiteChange

_NAMES: tuple[SettingName, ...] = get_args(SettingName)
#: How much of a value a list shows.
_WIDTH = 60


@click.group("site")
def command() -> None:
    """Show and change what administrators can set in the browser.

    The name, the rules and the pages of the site, and who can sign up. Changes apply to
    all running processes when the command returns, after about three seconds.
    """


@command.command("settings")
@json_option
@click.pass_obj
def settings_in_force(settings: Settings, *, as_json: bool) -> None:
    """Show the settings of the site."""
    with connected(settings) as wiring:
        now = wiring.services.site.current()
    if as_json:
        print_json({"version": now.version, "settings": _values(now)})
        return
    width = max(map(len, _NAMES))
    for name, value in _values(now).items():
        click.echo(f"{name:<{width}}  {_short(value)}")


@command.command("set")
@click.argument("name", type=click.Choice(_NAMES))
@click.argument("value", required=False)
@click.option("--file", "file", type=click.File(), help="Read the value from a file.")
@reason_option
@json_option
@click.pass_obj
def set_setting(
    settings: Settings,
    name: str,
    value: str | None,
    *,
    file: IO[str] | None,
    as_json: bool,
) -> None:
    """Set the setting NAME to VALUE, or to what a file contains.

    Rules are one per line. about, privacy and terms are Markdown. Use yes or no for
    confirm_email, members_invite and guest_replies.
    """
    if (value is None) == (file is None):
        raise click.UsageError("Give a VALUE or a --file.")
    text = file.read() if file else value or ""
    with connected(settings) as wiring:
        made = wiring.services.site.change({cast("SettingName", name): text}, order())
    _report(made, as_json=as_json)


@command.command("changes")
@click.option(
    "--limit", type=click.IntRange(1, 1_000), default=20, show_default=True,
    help="How many to show.",
)  # fmt: skip
@json_option
@click.pass_obj
def changes(settings: Settings, *, limit: int, as_json: bool) -> None:
    """List the newest changes of the settings."""
    with connected(settings) as wiring:
        found = wiring.services.site.changes(limit)
    if as_json:
        print_json({"changes": [_row(change) for change in found]})
        return
    for change in found:
        click.echo(_line(change))
    click.echo(numbered(len(found), "change"))


@command.command("undo")
@click.argument("change_id", type=click.IntRange(min=1))
@reason_option
@json_option
@click.pass_obj
def undo(settings: Settings, change_id: int, *, as_json: bool) -> None:
    """Undo the change CHANGE_ID, as `kwip site changes` shows it."""
    with connected(settings) as wiring:
        made = wiring.services.site.undo(change_id, order())
    _report(made, as_json=as_json)


def _report(made: list[SiteChange], *, as_json: bool) -> None:
    if as_json:
        print_json({"changes": [_row(change) for change in made]})
        return
    for change in made:
        click.echo(_line(change))
    if not made:
        click.echo("nothing has changed")


def _values(now: SiteSettings) -> dict[str, str]:
    known = {field.name for field in fields(SiteSettings)} - {"version"}
    return {name: shown(getattr(now, name)) for name in _NAMES if name in known}


def _line(change: SiteChange) -> str:
    before, after = _short(shown(change.before)), _short(shown(change.after))
    undone = f", undoes {change.undoes}" if change.undoes else ""
    who = f"{change.actor.kind} {change.actor.name}".strip()
    return (
        f"{change.id}  {change.at:%Y-%m-%d %H:%M}  {who}  {change.name}: "
        f"{before or '(default)'} -> {after or '(default)'}{undone}"
    )


def _row(change: SiteChange) -> dict[str, object]:
    return {
        "id": str(change.id),
        "at": change.at.isoformat(),
        "actor": {"kind": change.actor.kind, "name": change.actor.name},
        "setting": change.name,
        "before": None if change.before is None else shown(change.before),
        "after": None if change.after is None else shown(change.after),
        "undoes": str(change.undoes) if change.undoes else None,
    }


def _short(value: str) -> str:
    first, *more = value.splitlines() or [""]
    return f"{first[:_WIDTH]}…" if more or len(first) > _WIDTH else first
