"""`kwip queue`: look at what waits for workers, and at what was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, print_json
from kwip.cli.fanout import limit_option, print_posts, replay, waiting
from kwip.cli.running import connected

if TYPE_CHECKING:
    from config.settings import Settings


@click.group("queue")
def command() -> None:
    """Look at what waits for workers, and at what was given up."""


@command.command("stats")
@json_option
@click.pass_obj
def stats(settings: Settings, *, as_json: bool) -> None:
    """Count the bells that wait in each queue, and the work that they are about.

    Bells may get lost; the work itself is in MongoDB.
    """
    with connected(settings) as wiring:
        queues = wiring.queue.sizes()
        row = {"queues": queues, **waiting(wiring)}
    if as_json:
        print_json(row)
        return
    for name, found in queues.items():
        if found is None:
            click.echo(f"{name}: the queue does not answer; see `kwip doctor`")
        else:
            oldest = f"the oldest for {found['oldest_s']:.1f} s"
            click.echo(f"{found['waiting']:>10} bells wait in {name}, {oldest}")
    click.echo(f"{row['pending']:>10} posts pending")
    click.echo(f"{row['dead']:>10} posts given up (`kwip queue dead`)")
    click.echo(f"{row['edges_waiting']:>10} follows wait for a merge or a scrub")


@command.command("dead")
@limit_option
@json_option
@click.pass_obj
def dead(settings: Settings, *, limit: int, as_json: bool) -> None:
    """List posts whose delivery was given up, the oldest first."""
    with connected(settings) as wiring:
        print_posts(wiring.outbox.dead(limit), as_json=as_json)


# One way to do it, with the name under which one looks for it here.
command.add_command(replay, "retry")
