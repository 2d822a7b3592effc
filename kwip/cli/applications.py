"""`kwip users requests`, `approve` and `reject`: answer people who ask to join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.running import connected

if TYPE_CHECKING:
    from config.settings import Settings


@click.command("requests")
@json_option
@click.pass_obj
def requests(settings: Settings, *, as_json: bool) -> None:
    """List the people who ask to join, the oldest request first."""
    with connected(settings) as wiring:
        waiting = wiring.services.applications.waiting()
    if as_json:
        rows = [
            {
                "id": str(each.id),
                "username": each.username,
                "email": each.email,
                "reason": each.reason,
                "at": each.at.isoformat(),
            }
            for each in waiting
        ]
        print_json({"requests": rows})
        return
    for each in waiting:
        why = " ".join(each.reason.split())
        click.echo(f"{each.at:%Y-%m-%d %H:%M}  @{each.username}  {each.email}  {why}")
    click.echo(numbered(len(waiting), "request"))


@click.command("approve")
@click.argument("name")
@reason_option
@json_option
@click.pass_obj
def approve(settings: Settings, name: str, *, as_json: bool) -> None:
    """Approve NAME, who asked to join, and send them an email."""
    with connected(settings) as wiring:
        applications = wiring.services.applications
        user = applications.approve(applications.named(name).id, order())
    _print("approved", user.username, as_json=as_json)


@click.command("reject")
@click.argument("name")
@click.option("--message", default="", help="What the email says, if anything.")
@reason_option
@json_option
@click.pass_obj
def reject(settings: Settings, name: str, *, message: str, as_json: bool) -> None:
    """Decline NAME, who asked to join, and send them an email.

    What they entered is deleted, and the username can be used again.
    """
    with connected(settings) as wiring:
        applications = wiring.services.applications
        found = applications.named(name)
        applications.reject(found.id, order(), message)
    _print("rejected", found.username, as_json=as_json)


def _print(what: str, username: str, *, as_json: bool) -> None:
    if as_json:
        print_json({what: username})
    else:
        click.echo(f"{what} @{username}")
