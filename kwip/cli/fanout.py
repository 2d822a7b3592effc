"""`kwip fanout`: show and replay posts waiting for delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import json_option, numbered, print_json
from kwip.cli.running import connected
from kwip.domain.clock import at, system_clock_ms, to_ms
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.ids import PostId, parse_id

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from config.settings import Settings
    from kwip.domain.ids import UserId
    from kwip.wiring import Wiring


_limit_option = click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="Maximum number of posts to list.",
)


@click.group("fanout")
def command() -> None:
    """Show and replay posts waiting for delivery."""


@command.command("stats")
@json_option
@click.pass_obj
def stats(settings: Settings, *, as_json: bool) -> None:
    """Count pending deliveries and dead letters.

    A dead letter is a post that Kwip has given up delivering after too many failed
    attempts.
    """
    with connected(settings) as wiring:
        row = waiting(wiring)
    if as_json:
        print_json(row)
        return
    print_waiting(row)


def print_waiting(row: dict[str, float]) -> None:
    """Print what `waiting` counted."""
    pending, dead = int(row["pending"]), int(row["dead"])
    edges = int(row["edges_waiting"])
    click.echo(f"{numbered(pending, 'post')} waiting for delivery")
    if pending:
        click.echo(f"the oldest has waited {row['oldest_pending_s']:.1f} s")
    letters = numbered(dead, "dead letter")
    click.echo(f"{letters} (`kwip fanout replay`)" if dead else letters)
    click.echo(f"{numbered(edges, 'follow')} waiting for a backfill or purge")
    click.echo(f"{numbered(int(row['mails_waiting']), 'mail')} waiting to be sent")
    if row["mails_dead"]:
        click.echo(f"{numbered(int(row['mails_dead']), 'mail')} given up (`kwip mail`)")


def waiting(wiring: Wiring) -> dict[str, float]:
    """Count the work that is in MongoDB."""
    oldest = wiring.outbox.oldest_pending_at()
    return {
        "pending": wiring.outbox.pending_count(),
        "oldest_pending_s": 0.0 if oldest is None else _age_s(oldest),
        "dead": wiring.outbox.dead_count(),
        "edges_waiting": wiring.edges.waiting_count(),
        "mails_waiting": wiring.services.mails.store.waiting_count(),
        "mails_dead": wiring.services.mails.store.dead_count(),
    }


@command.command("pending")
@click.option("--dead", "is_dead", is_flag=True, help="List dead letters instead.")
@_limit_option
@json_option
@click.pass_obj
def pending(settings: Settings, *, is_dead: bool, limit: int, as_json: bool) -> None:
    """List posts waiting for delivery, the next one due first."""
    with connected(settings) as wiring:
        outbox = wiring.outbox
        found = outbox.dead(limit) if is_dead else outbox.oldest_pending(limit)
        _print_posts(found, is_dead=is_dead, as_json=as_json)


def _print_posts(
    found: Sequence[tuple[PostId, UserId, int, dt.datetime]],
    *,
    is_dead: bool,
    as_json: bool,
) -> None:
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
    if not found:
        click.echo("No dead letters" if is_dead else "Nothing is waiting")
    for post_id, author_id, attempts, enqueued_at in found:
        click.echo(
            f"{post_id}  by {author_id}  {numbered(attempts, 'attempt')}"
            f"  waiting for {_age_s(enqueued_at):.1f} s"
        )


@command.command("replay")
@click.argument("post_ids", metavar="[POST_ID]...", nargs=-1)
@click.option("--all", "is_all", is_flag=True, help="Replay all dead letters.")
@json_option
@click.pass_obj
def replay(
    settings: Settings, post_ids: Sequence[str], *, is_all: bool, as_json: bool
) -> None:
    """Deliver dead letters again, from where they stopped.

    The sweeper picks them up within a few seconds. Other posts are left unchanged.
    """
    if is_all == bool(post_ids):
        raise click.UsageError("Specify POST_ID, or use --all.")
    ids = [_post_id(text) for text in post_ids]
    with connected(settings) as wiring:
        outbox, now = wiring.outbox, at(system_clock_ms())
        _require_posts(wiring, ids)
        batches = outbox.iter_dead() if is_all else [ids]
        replayed = sum(outbox.replay(batch, now) for batch in batches)
    if as_json:
        print_json({"replayed": replayed})
    else:
        click.echo(f"{numbered(replayed, 'delivery')} queued for retry")


def _require_posts(wiring: Wiring, ids: Sequence[PostId]) -> None:
    """Refuse ids of posts that do not exist, before anything is replayed.

    Raises:
        NotFoundError: There is one; names them all.
    """
    unknown = sorted(set(ids) - wiring.stores.posts.get_many(ids).keys())
    if unknown:
        raise NotFoundError(f"There is no post {', '.join(map(str, unknown))}.")


def _post_id(text: str) -> PostId:
    found = parse_id(text)
    if found is None:
        raise InvalidError(f"{text} is not a valid post id.")
    return PostId(found)


def _age_s(since: dt.datetime) -> float:
    return max(0, system_clock_ms() - to_ms(since)) / 1000
