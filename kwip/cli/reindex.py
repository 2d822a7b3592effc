"""`kwip reindex`: rebuild timelines, and verify them against a fresh computation."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, print_json
from kwip.cli.bars import Bars
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import NotFoundError
from kwip.services.checkpoint import Checkpoint
from kwip.services.reindex import Pace, Reindexer, Verifier

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import Settings
    from kwip.domain.ids import UserId
    from kwip.services.reindex import Verdict
    from kwip.wiring import Wiring

_JOB = "reindex:timelines"
#: Differences that are listed for a person; `--json` has all of them.
_SHOWN = 50


@click.group("reindex")
def command() -> None:
    """Rebuild timelines and compare them with a fresh computation."""


def _homes_options(function: Callable[..., int]) -> Callable[..., int]:
    one = click.option("--user", metavar="NAME", help="One user's home.")
    every = click.option("--all", "is_all", is_flag=True, help="Every home.")
    return one(every(function))


@command.command("timelines")
@_homes_options
@click.option("--dry-run", is_flag=True, help="Only say what would be mended.")
@click.option(
    "--concurrency",
    type=click.IntRange(min=1, max=32),
    default=2,
    show_default=True,
    help="How many homes are rebuilt at once.",
)
@click.option(
    "--throttle",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Milliseconds of rest after each 500 homes.",
)
@json_option
@click.pass_obj
def timelines(  # noqa: PLR0913 -- one for each option
    settings: Settings,
    *,
    user: str | None,
    is_all: bool,
    dry_run: bool,
    concurrency: int,
    throttle: int,
    as_json: bool,
) -> int:
    """Rebuild homes while the site goes on.

    A rebuilt home is swapped in as a whole. With `--all` a run that was interrupted
    goes on where it was.
    """
    _check_choice(user, is_all=is_all)
    if dry_run:
        return _verify(settings, user, as_json=as_json)
    began = time.monotonic()
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        wiring.fence.await_lease(within_s=1.0)
        reindexer = Reindexer(wiring.stores, wiring.services.upkeep)
        if user is not None:
            ids = [_id_of(wiring, user)]
            failed = reindexer.rebuild(ids)
            rebuilt = len(ids) - len(failed)
        else:
            checkpoint = Checkpoint(wiring.jobs, _JOB, system_clock_ms)
            if checkpoint.job.state == "done":
                checkpoint.begin_anew()
            pace = Pace(concurrency=concurrency, throttle_s=throttle / 1000)
            failed = reindexer.rebuild_all(checkpoint, pace, bars)
            rebuilt = checkpoint.job.counts["rebuilt"]
    seconds = time.monotonic() - began
    if as_json:
        names = [str(user_id) for user_id in failed]
        print_json({"rebuilt": rebuilt, "failed": names, "seconds": round(seconds, 1)})
    else:
        click.echo(f"{rebuilt} homes rebuilt in {seconds:.1f} s")
        for user_id in failed:
            click.echo(f"{user_id}: its home is missing or stayed busy; run it again")
    return FOUND if failed else 0


@command.command("verify")
@_homes_options
@json_option
@click.pass_obj
def verify(settings: Settings, *, user: str | None, is_all: bool, as_json: bool) -> int:
    """Work out from scratch what homes must store, and list what is missing."""
    _check_choice(user, is_all=is_all)
    return _verify(settings, user, as_json=as_json)


@command.command("status")
@json_option
@click.pass_obj
def status(settings: Settings, *, as_json: bool) -> None:
    """Say how far the last rebuild of every home has come."""
    with connected(settings) as wiring:
        job = wiring.jobs.find(_JOB)
        users = wiring.stores.users.count()
    if job is None:
        row: dict[str, object] = {"state": "never", "users": users}
    else:
        row = {
            "state": job.state,
            "users": users,
            "rebuilt": job.counts.get("rebuilt", 0),
            "failed": job.counts.get("failed", 0),
            "started_at": job.started_at.isoformat(),
            "updated_at": job.updated_at.isoformat(),
        }
    if as_json:
        print_json(row)
        return
    for name, value in row.items():
        click.echo(f"{name:12}{value}")


def _verify(settings: Settings, user: str | None, *, as_json: bool) -> int:
    began = time.monotonic()
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        verifier = Verifier(wiring.stores, wiring.edges)
        if user is None:
            verdict = verifier.verify_all(bars)
        else:
            verdict = verifier.verify([[_id_of(wiring, user)]], bars)
    _print(verdict, time.monotonic() - began, as_json=as_json)
    return FOUND if verdict.differences else 0


def _print(verdict: Verdict, seconds: float, *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"owner_id": str(d.owner_id), "post_id": str(d.post_id)}
            for d in verdict.differences
        ]
        print_json(
            {
                "homes": verdict.homes,
                "differences": rows,
                "scrub_pending": verdict.scrub_pending,
                "seconds": round(seconds, 1),
            }
        )
        return
    for difference in verdict.differences[:_SHOWN]:
        click.echo(
            f"home of {difference.owner_id}: post {difference.post_id} is missing "
            "(`kwip reindex timelines`)"
        )
    rest = len(verdict.differences) - _SHOWN
    if rest > 0:
        click.echo(f"… and {rest} more; --json lists all")
    click.echo(
        f"{verdict.homes} homes, {len(verdict.differences)} differences, "
        f"{verdict.scrub_pending} entries wait for a scrub; {seconds:.1f} s"
    )


def _check_choice(user: str | None, *, is_all: bool) -> None:
    if (user is None) != is_all:
        raise click.UsageError("Name one home with --user, or use --all.")


def _id_of(wiring: Wiring, name: str) -> UserId:
    username = name.removeprefix("@").lower()
    found = wiring.stores.users.ids_of([username])
    if username not in found:
        raise NotFoundError(f"There is no user @{username}.")
    return found[username]
