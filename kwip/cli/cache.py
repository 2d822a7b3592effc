"""`kwip cache`: inspect, verify and invalidate the cache."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import click

from kwip import telemetry
from kwip.cache.inspection import Inspection
from kwip.cache.keys import CacheKey
from kwip.cli import FOUND, dry_run_option, json_option, numbered, print_json
from kwip.cli.bars import Bars
from kwip.cli.running import NotRunningError, connected
from kwip.embedded.children import is_marked
from kwip.embedded.home_folder import HomeFolder
from kwip.services.maintenance.checks.cache_audit import CacheAudit
from kwip.services.reading.entities import Entities
from kwip.store.fence import FenceStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.settings import Settings
    from kwip.store.fence import FenceState
    from kwip.wiring import Wiring

_sample_option = click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="Maximum number of keys to look at.",
)


@click.group("cache")
def command() -> None:
    """Inspect, verify and invalidate the cache."""


@command.command("stats")
@_sample_option
@json_option
@click.pass_obj
def stats(settings: Settings, *, sample: int, as_json: bool) -> None:
    """Count cached keys by kind, and show the hit ratio."""
    with connected(settings) as wiring, _audit(wiring) as (audit, fence, inspection):
        with Bars(is_quiet=as_json) as bars:
            counts, is_complete = audit.count(sample, bars)
        memory = inspection.memory()
    row = {
        "is_suspended": fence.suspended,
        "epoch": fence.epoch,
        "kinds": dict(counts.most_common()),
        "is_complete": is_complete,
        "used_bytes": memory.used_bytes if memory else None,
        "most_bytes": memory.most_bytes if memory else None,
        "hit_ratio": _hit_ratio(settings),
    }
    if as_json:
        print_json(row)
        return
    state = "suspended, not in use" if fence.suspended else "in use"
    click.echo(f"{state}, epoch {fence.epoch}")
    if memory:
        limit = f"of {memory.most_bytes} bytes" if memory.most_bytes else "bytes"
        click.echo(f"{memory.used_bytes} {limit} used")
    if row["hit_ratio"] is not None:
        click.echo(f"hit ratio {row['hit_ratio']:.1%}")
    for kind, count in counts.most_common():
        click.echo(f"{count:>10} {kind}")
    if not is_complete:
        click.echo(f"Only the first {sample} keys were counted; use --sample for more")


@command.command("verify")
@_sample_option
@json_option
@click.pass_obj
def verify(settings: Settings, *, sample: int, as_json: bool) -> int:
    """Compare cached entries with MongoDB.

    An entry that differs is checked again a second later, in case it was being
    written. Exits with 1 if an entry still differs.
    """
    with connected(settings) as wiring, _audit(wiring) as (audit, fence, _):
        if fence.suspended:
            raise NotRunningError(
                "The cache is suspended, so there is nothing to verify."
            )
        with Bars(is_quiet=as_json) as bars:
            checked, differences = audit.verify(sample, bars)
    if as_json:
        rows = [asdict(difference) for difference in differences]
        print_json({"kinds": dict(checked), "differences": rows})
    else:
        for found in differences:
            click.echo(
                f"{found.key} {found.variant}: {found.problem}"
                f" (run `kwip cache drop {found.key}`)"
            )
        entries = numbered(checked.total(), "entry")
        click.echo(f"{entries}, {numbered(len(differences), 'difference')}")
    return FOUND if differences else 0


@command.command("drop")
@click.argument("what", required=False)
@click.option("--all", "is_all", is_flag=True, help="Invalidate the whole cache.")
@dry_run_option
@json_option
@click.pass_obj
def drop(
    settings: Settings, what: str | None, *, is_all: bool, dry_run: bool, as_json: bool
) -> None:
    """Invalidate one kind of entry, one key, or the whole cache.

    WHAT is a kind, such as post, or a key, such as post:17. When the command ends,
    nobody reads what was cached before it started. No data is lost: everything in the
    cache is also in MongoDB.
    """
    if is_all == bool(what):
        raise click.UsageError("Specify a kind or a key, or use --all.")
    with connected(settings) as wiring, _audit(wiring) as (audit, _, __):
        if what:
            _require_kind(audit, what)
        if dry_run:
            invalidated = audit.matching(what)
        elif what and ":" in what:
            invalidated = audit.invalidate([CacheKey(what)])
        else:
            invalidated = audit.invalidate_all(what)
    if as_json:
        print_json({"dropped": invalidated, "is_dry_run": dry_run})
    else:
        done = "would be invalidated" if dry_run else "invalidated"
        click.echo(f"{numbered(invalidated, 'key')} {done}")


def _require_kind(audit: CacheAudit, what: str) -> None:
    """Refuse a kind, or a key of a kind, that is never cached.

    Raises:
        UsageError: It is; names the kinds.
    """
    kind = what.partition(":")[0]
    # A release before or after this one may have others.
    if kind not in audit.kinds and not audit.matching(kind):
        known = ", ".join(sorted(audit.kinds))
        raise click.UsageError(
            f"Nothing of the kind {kind} is cached. The kinds are: {known}."
        )


@contextmanager
def _audit(wiring: Wiring) -> Iterator[tuple[CacheAudit, FenceState, Inspection]]:
    wiring.fence.await_lease(within_s=1.0)
    fence = FenceStore(wiring.store.database).read()
    if fence is None:
        raise NotRunningError("The cache has never been used. Run `kwip up` first.")
    inspection = Inspection(wiring.cache, fence.deployment)
    entities = Entities(wiring.stores)
    yield CacheAudit(inspection, entities, wiring.fence, fence.epoch), fence, inspection


def _hit_ratio(settings: Settings) -> float | None:
    """Read the metrics of this home's running stack; None if there are none."""
    home = HomeFolder(settings.home)
    looks = telemetry.cache_requests(home.metrics, partial(is_marked, home))
    total = sum(looks.values())
    return (
        sum(looks.get(each, 0.0) for each in telemetry.HITS) / total if total else None
    )
