"""`kwip queue`: show what is waiting for workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.fanout import print_waiting, waiting
from kwip.cli.running import connected

if TYPE_CHECKING:
    from config.settings import Settings


@click.group("queue")
def command() -> None:
    """Show what is waiting for workers."""


@command.command("stats")
@json_option
@click.pass_obj
def stats(settings: Settings, *, as_json: bool) -> None:
    """Count the jobs in each queue, and the work behind them.

    Jobs in Redis may get lost; the work itself is in MongoDB.
    """
    with connected(settings) as wiring:
        queues = wiring.queue.sizes()
        work = waiting(wiring)
    if as_json:
        print_json({"queues": queues, **work})
        return
    for name, found in queues.items():
        if found is None:
            click.echo(f"{name}: the queue is not responding; see `kwip doctor`")
        else:
            jobs = f"{numbered(int(found['waiting']), 'job')} waiting"
            oldest = f", the oldest for {found['oldest_s']:.1f} s"
            click.echo(f"{name}: {jobs}{oldest if found['waiting'] else ''}")
    print_waiting(work)
