"""`kwip settings`: show what is in force, and where it comes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from config.endpoints import without_password
from config.settings import rules
from config.shared import digest
from kwip.cli import SOURCES, json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.environment import Sources
    from config.settings import Settings


@dataclass(frozen=True, slots=True)
class Row:
    """One setting; `value` is None if Kwip chooses or needs none."""

    variable: str
    value: str | None
    source: str


@click.command("settings")
@json_option
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Show the settings that are in force, without passwords.

    Each has its source: the environment, a line of the --env-file, the running stack
    (its ports), or the default.
    """
    rows = list(_rows(ctx.obj, ctx.meta[SOURCES]))
    if as_json:
        print_json({"settings": [asdict(row) for row in rows]})
        return
    width = max(len(row.variable) for row in rows)
    for row in rows:
        value = "-" if row.value is None else row.value
        click.echo(f"{row.variable:<{width}}  {value}  ({row.source})")


def _rows(settings: Settings, sources: Sources) -> Iterator[Row]:
    for name, rule in rules().items():
        value = _shown(getattr(settings, name))
        yield Row(rule.variable, value, sources.of(rule.variable))


def _shown(value: object) -> str | None:
    """Return a value as it is written in the environment, but without secrets."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, dict):
        return ",".join(f"{n}={without_password(uri)}" for n, uri in value.items())
    if isinstance(value, frozenset):
        return ",".join(f"{host}:{port}" for host, port in sorted(value)) or None
    if isinstance(value, tuple):
        return " ".join(f"sha256:{digest(key)}…" for key in value)
    return without_password(str(value))
