"""`kwip setup`: create the code for the first administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, print_json
from kwip.cli.running import connected
from kwip.domain.accounts.setup import LIFETIME, code_digest, draw_code
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import ConflictError
from kwip.store.accounts.setup import SetupStore

if TYPE_CHECKING:
    from config.settings import Settings


@click.group("setup")
def command() -> None:
    """Create the code for the first administrator."""


@command.command("code")
@json_option
@click.pass_obj
def code(settings: Settings, *, as_json: bool) -> None:
    """Create a code for the first administrator.

    The code is valid for a day, and codes created earlier stop working. If the site has
    an administrator already, use `kwip users modify`.
    """
    drawn, expires_at = draw_code(), at(system_clock_ms()) + LIFETIME
    with connected(settings) as wiring:
        if not SetupStore(wiring.store).offer(code_digest(drawn), expires_at):
            raise ConflictError(
                "This site has an administrator already."
                " Run `kwip users modify NAME --role owner`"
                " to add another one."
            )
    url = f"{settings.origin}/setup"
    if as_json:
        row = {"code": drawn, "url": url, "expires_at": expires_at.isoformat()}
        print_json(row)
    else:
        click.echo(f"open {url} with the code {drawn} within a day")
