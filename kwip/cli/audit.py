"""`kwip audit`: what operators did, and the options that it needs of their commands."""

from __future__ import annotations

import os
import pwd
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.running import connected
from kwip.domain.accounts.audit_log import REASON_MAX, Actor, AuditQuery, Order
from kwip.domain.accounts.users import Viewer
from kwip.domain.ids import NOBODY

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.domain.accounts.audit_log import AuditEntry

_REASON = "kwip.reason"


def _keep(context: click.Context, _: click.Parameter, reason: str) -> None:
    context.meta[_REASON] = reason


#: Add `--reason` to a command, for `order`.
reason_option = click.option(
    "--reason",
    default="",
    expose_value=False,
    callback=_keep,
    help=f"Why, for the audit log. Up to {REASON_MAX} characters.",
)


def order() -> Order:
    """Return who runs the current command, and its `--reason`."""
    uid = os.getuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # in a container, for example
        name = str(uid)
    reason: str = click.get_current_context().meta[_REASON]
    return Order(Actor("command line", name), reason)


#: The viewer of what operators do, who is no user.
OPERATOR = Viewer.without_session(NOBODY, "")


@click.group("audit")
def command() -> None:
    """Show what operators did."""


@command.command("list")
@click.option("--user", "name", help="Only show what was done to this user.")
@click.option("--actor", default="", help="Only show what this person did.")
@click.option(
    "--limit",
    type=click.IntRange(1, 10_000),
    default=50,
    show_default=True,
    help="How many entries to show.",
)
@json_option
@click.pass_obj
def show(
    settings: Settings, *, name: str | None, actor: str, limit: int, as_json: bool
) -> None:
    """Show the audit log, the newest entry first.

    Users who were deleted can still be found by their name.
    """
    subject = "" if name is None else "@" + name.removeprefix("@").lower()
    asked = AuditQuery(actor=actor, subject=subject, limit=limit)
    with connected(settings) as wiring:
        entries = wiring.services.audit_log.page(asked)
    if as_json:
        print_json({"entries": [row_of(entry) for entry in entries]})
        return
    for entry in entries:
        click.echo(line_of(entry))
    click.echo(numbered(len(entries), "entry"))


def row_of(entry: AuditEntry) -> dict[str, object]:
    """Return an entry for `--json`."""
    return {**asdict(entry), "id": str(entry.id), "at": entry.at.isoformat()}


def line_of(entry: AuditEntry) -> str:
    """Write an entry as one line."""
    what = entry.action.replace("_", " ")
    told = [f"{name}={value}" for name, value in entry.details.items()]
    who = f"{entry.actor.kind} {entry.actor.name}".strip()
    when = f"{entry.at:%Y-%m-%d %H:%M:%S}"
    parts = (f"{when}  {who:<22} {what:<15} {entry.subject:<20}", *told, entry.reason)
    return " ".join(parts).rstrip()
