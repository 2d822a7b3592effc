"""`kwip reindex`: rebuild and verify derived data."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from kwip.cli import dry_run_option, json_option, numbered, print_json, throttle_option
from kwip.cli.bars import Bars
from kwip.cli.reindexing.outcomes import Outcome, first, show
from kwip.cli.reindexing.rebuilds import checkpoint_of, job_of, run_rebuild
from kwip.cli.running import connected
from kwip.domain.errors import NotFoundError
from kwip.services.maintenance.reindexing.reindex import (
    HomeDifference,
    Pace,
    Reindexer,
    Verifier,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from config.settings import Settings
    from kwip.cli import Decorated
    from kwip.domain.ids import UserId
    from kwip.store.jobs import Job
    from kwip.wiring import Wiring

_WHAT = ("timelines", "counters", "tags", "repeats", "search")


@click.group("reindex")
def command() -> None:
    """Rebuild and verify derived data."""


def _concurrency_option(what: str) -> Callable[[Decorated], Decorated]:
    return click.option(
        "--concurrency",
        type=click.IntRange(min=1, max=32),
        default=2,
        show_default=True,
        help=what,
    )


def _homes_options(function: Callable[..., int]) -> Callable[..., int]:
    one = click.option("--user", metavar="NAME", help="One user's home and lists.")
    every = click.option("--all", "is_all", is_flag=True, help="All homes and lists.")
    return one(every(function))


@command.command("timelines")
@_homes_options
@dry_run_option
@_concurrency_option("Number of users to process at once.")
@throttle_option("Milliseconds to pause after every 500 users.")
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
    """Rebuild stored homes and lists.

    The site can stay online: each timeline is replaced in one step. With --all, an
    interrupted run resumes where it stopped. Exits with 1 if a timeline could not be
    rebuilt or, with --dry-run, if one has posts missing.
    """
    _check_choice(user, is_all=is_all)
    if dry_run:
        return show(verify_timelines(settings, user, is_quiet=as_json), as_json=as_json)
    pace = Pace(concurrency=concurrency, throttle_s=throttle / 1000)
    return show(_rebuild(settings, user, pace, is_quiet=as_json), as_json=as_json)


def _rebuild(
    settings: Settings, user: str | None, pace: Pace, *, is_quiet: bool
) -> Outcome:
    began = time.monotonic()
    with connected(settings) as wiring, Bars(is_quiet=is_quiet) as bars:
        wiring.fence.await_lease(within_s=1.0)
        reindexer = Reindexer(
            wiring.stores,
            wiring.services.home_backfill,
            wiring.services.list_backfill,
        )
        if user is not None:
            ids = [_id_of(wiring, user)]
            failed = reindexer.rebuild(ids)
            rebuilt = len(ids) - len(failed)
        else:
            checkpoint = checkpoint_of(wiring, "timelines")
            failed = reindexer.rebuild_all(checkpoint, pace, bars)
            rebuilt = checkpoint.job.counts["rebuilt"]
    seconds = time.monotonic() - began
    names = [str(user_id) for user_id in failed]
    return Outcome(
        {"rebuilt": rebuilt, "failed": names, "seconds": round(seconds, 1)},
        [f"rebuilt the timelines of {numbered(rebuilt, 'user')} in {seconds:.1f} s"]
        + [
            f"user {name}: a home or list was busy, or a list has no timeline; "
            "run this command again"
            for name in names
        ],
        is_found=bool(failed),
    )


@command.command("counters")
@dry_run_option
@_concurrency_option("Number of users or posts to correct at once.")
@throttle_option("Milliseconds to pause after every 1,000 users or posts.")
@json_option
@click.pass_obj
def counters(
    settings: Settings, *, dry_run: bool, concurrency: int, throttle: int, as_json: bool
) -> int:
    """Recount and correct the counters of users and posts.

    Counts posts, followers, follows, replies, reposts, favourites and quotes. The site
    can stay online: a wrong counter is recounted and set in one transaction. An
    interrupted run resumes where it stopped. Exits with 1 if a counter could not be
    corrected or, with --dry-run, if one is wrong.
    """
    pace = Pace(concurrency=concurrency, throttle_s=throttle / 1000)
    outcome = run_rebuild(
        settings, "counters", None if dry_run else pace, is_quiet=as_json
    )
    return show(outcome, as_json=as_json)


@command.command("tags")
@dry_run_option
@_concurrency_option("Number of posts to update at once.")
@throttle_option("Milliseconds to pause after every 1,000 posts.")
@json_option
@click.pass_obj
def tags(
    settings: Settings, *, dry_run: bool, concurrency: int, throttle: int, as_json: bool
) -> int:
    """Parse all texts again, and update hashtags and links.

    Mentions stay the same. The site can stay online: a post that is edited meanwhile is
    parsed again. An interrupted run resumes where it stopped. Exits with 1 if a post
    could not be updated or, with --dry-run, if one is out of date.
    """
    pace = Pace(concurrency=concurrency, throttle_s=throttle / 1000)
    outcome = run_rebuild(settings, "tags", None if dry_run else pace, is_quiet=as_json)
    return show(outcome, as_json=as_json)


@command.command("repeats")
@dry_run_option
@_concurrency_option("Number of authors to process at once.")
@throttle_option("Milliseconds to pause after every 100 authors.")
@json_option
@click.pass_obj
def repeats(
    settings: Settings, *, dry_run: bool, concurrency: int, throttle: int, as_json: bool
) -> int:
    """Find again which posts repeat an earlier one.

    A post repeats another if its author published the same text within the day before.
    The site can stay online: a post that is edited meanwhile is left unchanged. An
    interrupted run resumes where it stopped. Exits with 1 if a post could not be
    updated or, with --dry-run, if one is out of date.
    """
    pace = Pace(concurrency=concurrency, throttle_s=throttle / 1000)
    outcome = run_rebuild(
        settings, "repeats", None if dry_run else pace, is_quiet=as_json
    )
    return show(outcome, as_json=as_json)


@command.command("search")
@dry_run_option
@throttle_option("Milliseconds to pause after every 1,000 posts.")
@json_option
@click.pass_obj
def search(settings: Settings, *, dry_run: bool, throttle: int, as_json: bool) -> int:
    """Bring the index of search in line with all posts.

    Needed once after an update from a version without search. The site can stay online.
    An interrupted run resumes where it stopped. Exits with 1 if a post could not be
    indexed or, with --dry-run, if one is out of date.
    """
    pace = None if dry_run else Pace(throttle_s=throttle / 1000)
    outcome = run_rebuild(settings, "search", pace, is_quiet=as_json)
    return show(outcome, as_json=as_json)


@command.command("all")
@dry_run_option
@_concurrency_option("Number of users, counters, posts or authors to process at once.")
@throttle_option(
    "Milliseconds to pause after every 500 users (timelines), 1,000 users or posts"
    " (counters, tags, search) or 100 authors (repeats)."
)
@json_option
@click.pass_obj
def everything(
    settings: Settings, *, dry_run: bool, concurrency: int, throttle: int, as_json: bool
) -> int:
    """Rebuild tags, counters, repeats, search and all timelines.

    Runs the commands of these names, one after the other. Exits with 1 if one of them
    would.
    """
    pace = Pace(concurrency=concurrency, throttle_s=throttle / 1000)
    outcomes = {
        what: run_rebuild(settings, what, None if dry_run else pace, is_quiet=as_json)
        for what in ("tags", "counters", "repeats", "search")
    }
    if dry_run:
        outcomes["timelines"] = verify_timelines(settings, None, is_quiet=as_json)
    else:
        outcomes["timelines"] = _rebuild(settings, None, pace, is_quiet=as_json)
    together = Outcome(
        {what: outcome.row for what, outcome in outcomes.items()},
        [line for outcome in outcomes.values() for line in outcome.lines],
        is_found=any(outcome.is_found for outcome in outcomes.values()),
    )
    return show(together, as_json=as_json)


@command.command("verify")
@click.argument("what", type=click.Choice(_WHAT), default="timelines")
@_homes_options
@json_option
@click.pass_obj
def verify(
    settings: Settings, what: str, *, user: str | None, is_all: bool, as_json: bool
) -> int:
    """Recompute what should be stored and list differences.

    Verifies timelines unless you name something else. For timelines, use --user or
    --all. Exits with 1 if something differs.
    """
    if what == "timelines":
        _check_choice(user, is_all=is_all)
        return show(verify_timelines(settings, user, is_quiet=as_json), as_json=as_json)
    if user is not None:
        raise click.UsageError(f"--user only works with timelines, not with {what}.")
    return show(run_rebuild(settings, what, None, is_quiet=as_json), as_json=as_json)


@command.command("status")
@json_option
@click.pass_obj
def status(settings: Settings, *, as_json: bool) -> None:
    """Show the progress of the latest reindex runs."""
    with connected(settings) as wiring:
        jobs = {what: wiring.jobs.find(job_of(what)) for what in _WHAT}
        users = wiring.stores.users.count()
    job = jobs["timelines"]
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
    others = {what: _progress(jobs[what]) for what in _WHAT[1:]}
    if as_json:
        print_json(row | others)
        return
    for name, value in row.items():
        click.echo(f"{name:12}{value}")
    for what, state in others.items():
        click.echo(f"{what:12}" + ", ".join(f"{k} {v}" for k, v in state.items()))


def _progress(job: Job | None) -> dict[str, object]:
    if job is None:
        return {"state": "never"}
    return {
        "state": job.state,
        **job.counts,
        "started_at": job.started_at.isoformat(),
        "updated_at": job.updated_at.isoformat(),
    }


def verify_timelines(
    settings: Settings, user: str | None, *, is_quiet: bool
) -> Outcome:
    """Compare all homes and lists, or those of one user, with a fresh computation."""
    began = time.monotonic()
    with connected(settings) as wiring, Bars(is_quiet=is_quiet) as bars:
        verifier = Verifier(wiring.stores, wiring.edges)
        if user is None:
            verdict = verifier.verify_all(bars)
        else:
            verdict = verifier.verify([[_id_of(wiring, user)]], bars)
    seconds = time.monotonic() - began
    lines = first(
        [
            f"{_place(d)}: post {d.post_id} is missing (run `kwip reindex timelines`)"
            for d in verdict.differences
        ]
    )
    lines.append(
        f"{numbered(verdict.homes, 'home')}, {numbered(verdict.lists, 'list')}, "
        f"{numbered(len(verdict.differences), 'difference')}, "
        f"{numbered(verdict.purge_pending, 'entry')} waiting for a purge; "
        f"{seconds:.1f} s"
    )
    rows = [
        {
            "owner_id": str(d.owner_id),
            "list_id": None if d.list_id is None else str(d.list_id),
            "post_id": str(d.post_id),
        }
        for d in verdict.differences
    ]
    return Outcome(
        {
            "homes": verdict.homes,
            "lists": verdict.lists,
            "differences": rows,
            "purge_pending": verdict.purge_pending,
            "seconds": round(seconds, 1),
        },
        lines,
        is_found=bool(rows),
    )


def _place(found: HomeDifference) -> str:
    home = f"home of {found.owner_id}"
    return home if found.list_id is None else f"list {found.list_id}"


def _check_choice(user: str | None, *, is_all: bool) -> None:
    if (user is None) != is_all:
        raise click.UsageError("Specify --user NAME, or use --all.")


def _id_of(wiring: Wiring, name: str) -> UserId:
    username = name.removeprefix("@").lower()
    found = wiring.stores.users.ids_of([username])
    if username not in found:
        raise NotFoundError(f"There is no user @{username}.")
    return found[username]
