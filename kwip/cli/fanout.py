"""`kwip fanout`: look at posts that wait for their delivery, and replay them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, print_json
from kwip.cli.running import connected
from kwip.domain.clock import at, system_clock_ms, to_ms
from kwip.domain.errors import InvalidError
from kwip.domain.ids import PostId, parse_id

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from config.settings import Settings
    from kwip.domain.ids import UserId
    from kwip.wiring import Wiring


limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="The most that are listed.",
)


@click.group("fanout")
def command() -> None:
    """Look at posts that wait for their delivery, and replay them."""


@command.command("stats")
@json_option
@click.pass_obj
def stats(settings: Settings, *, as_json: bool) -> None:
    """Count what waits for delivery, and what was given up."""
    with connected(settings) as wiring:
        row = waiting(wiring)
    if as_json:
        print_json(row)
        return
    click.echo(f"{row['pending']:>10} posts pending")
    click.echo(f"{row['oldest_pending_s']:>10.1f} s since the oldest of them came")
    click.echo(f"{row['dead']:>10} posts given up (`kwip fanout replay`)")
    click.echo(f"{row['edges_waiting']:>10} follows wait for a merge or a scrub")


def waiting(wiring: Wiring) -> dict[str, float]:
    """Count the work that is in MongoDB."""
    oldest = wiring.outbox.oldest_pending_at()
    return {
        "pending": wiring.outbox.pending_count(),
        "oldest_pending_s": 0.0 if oldest is None else _age_s(oldest),
        "dead": wiring.outbox.dead_count(),
        "edges_waiting": wiring.edges.waiting_count(),
    }


@command.command("pending")
@click.option("--dead", "is_dead", is_flag=True, help="Those that were given up.")
@limit_option
@json_option
@click.pass_obj
def pending(settings: Settings, *, is_dead: bool, limit: int, as_json: bool) -> None:
    """List posts that wait for delivery, the first one due first."""
    with connected(settings) as wiring:
        outbox = wiring.outbox
        found = outbox.dead(limit) if is_dead else outbox.oldest_pending(limit)
        print_posts(found, as_json=as_json)


def print_posts(
    found: Sequence[tuple[PostId, UserId, int, dt.datetime]], *, as_json: bool
) -> None:
    """Print posts with how often they were tried, and since when they wait."""
    if as_json:
        rows = [
            {
                "id": str(post_id),
                "author_id": str(author_id),
                "attempts": attempts,
                "enqueued_at": enqueued_at.isoformat(),
            }
            for post_id, author_id, attempts, enqueued_at in found
        ]
        print_json({"posts": rows})
        return
    for post_id, author_id, attempts, enqueued_at in found:
        click.echo(
            f"{post_id}  by {author_id}  tried {attempts} times"
            f"  since {_age_s(enqueued_at):.1f} s"
        )


@command.command("replay")
@click.argument("post_ids", metavar="[POST_ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Everything that was given up.")
@json_option
@click.pass_obj
def replay(
    settings: Settings, post_ids: Sequence[str], *, is_all: bool, as_json: bool
) -> None:
    """Deliver posts that were given up, from where they stopped.

    They are pending again and the sweeper rings for them within a second. Posts that
    were not given up stay as they are.
    """
    if is_all == bool(post_ids):
        raise click.UsageError("Name some posts, or use --all.")
    ids = [_post_id(text) for text in post_ids]
    with connected(settings) as wiring:
        outbox, now = wiring.outbox, at(system_clock_ms())
        batches = outbox.iter_dead() if is_all else [ids]
        replayed = sum(outbox.replay(batch, now) for batch in batches)
    if as_json:
        print_json({"replayed": replayed})
    else:
        click.echo(f"{replayed} posts are pending again")


def _post_id(text: str) -> PostId:
    found = parse_id(text)
    if found is None:
        raise InvalidError(f"{text} is no id of a post.")
    return PostId(found)


def _age_s(since: dt.datetime) -> float:
    return max(0, system_clock_ms() - to_ms(since)) / 1000
