"""`kwip push`: show how push services take what is sent to devices."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.running import connected

if TYPE_CHECKING:
    from config.settings import Settings

#: The most that is listed.
_MOST = 1_000


@click.group("push")
def command() -> None:
    """Show devices that are told of notifications."""


@command.command("stats")
@json_option
@click.pass_obj
def stats(settings: Settings, *, as_json: bool) -> None:
    """Count the devices, and list those whose push service takes nothing.

    They are tried again, at most hourly, and removed after a week. Of their addresses
    only the hosts are shown, because whoever knows one can send to it.
    """
    with connected(settings) as wiring:
        store = wiring.services.push_subscriptions.store
        counts, failing = store.count(), store.failing(_MOST)
    rows = [
        {
            "user_id": str(each.user_id),
            "host": urlsplit(each.endpoint).hostname,
            "attempts": each.attempts,
            "problem": each.problem,
            "failing_since": each.failing_since.isoformat(),
        }
        for each in failing
    ]
    if as_json:
        print_json({"devices": counts["devices"], "failing": rows})
        return
    click.echo(f"{numbered(counts['devices'], 'device')}, {counts['failing']} failing")
    for row in rows:
        click.echo("{attempts:>4} {user_id} {host} {problem}".format(**row))
