"""`kwip users reset-2fa` and `password-link`: for people who can no longer log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, print_json
from kwip.cli.audit import order, reason_option
from kwip.cli.parts import viewer_named
from kwip.cli.running import connected

if TYPE_CHECKING:
    from config.settings import Settings


@click.command("reset-2fa")
@click.argument("name")
@reason_option
@json_option
@click.pass_obj
def reset_two_factor(settings: Settings, name: str, *, as_json: bool) -> None:
    """Turn off two-factor authentication of NAME.

    For somebody who has lost the phone and the recovery codes: make sure that it is
    them. Passkeys are removed, too. They get an email, and log in with the password.
    """
    with connected(settings) as wiring:
        viewer = viewer_named(wiring, name)
        recovery = wiring.services.access_recovery
        was_on = recovery.reset_two_factor(viewer.id, order())
    if as_json:
        row = {"id": str(viewer.id), "username": viewer.username, "was_on": was_on}
        print_json(row)
        return
    done = "was turned off" if was_on else "was off already"
    click.echo(f"two-factor authentication of @{viewer.username} {done}")


@click.command("password-link")
@click.argument("name")
@reason_option
@json_option
@click.pass_obj
def password_link(settings: Settings, name: str, *, as_json: bool) -> None:
    """Print a link for NAME to choose a new password.

    It works once, within 30 minutes, and is sent to nobody. Whoever has it can take
    over the account, unless two-factor authentication is on, which it leaves on.
    """
    with connected(settings) as wiring:
        viewer = viewer_named(wiring, name)
        recovery = wiring.services.access_recovery
        link, expires_at = recovery.password_link(viewer.id, order())
    if as_json:
        row = {"id": str(viewer.id), "username": viewer.username, "link": link}
        print_json({**row, "expires_at": expires_at.isoformat()})
        return
    click.echo(link)
