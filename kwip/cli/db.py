"""`kwip db`: indexes, sizes, and documents of older versions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kwip.cli import (
    FOUND,
    dry_run_option,
    json_option,
    numbered,
    print_json,
    throttle_option,
)
from kwip.cli.bars import Bars
from kwip.cli.checking import agreement
from kwip.cli.checking.compatibility import misfit_lines
from kwip.cli.running import connected
from kwip.domain.clock import system_clock_ms
from kwip.domain.errors import ConflictError
from kwip.services.maintenance.checkpoint import Checkpoint
from kwip.services.maintenance.migration import (
    JOB,
    Migration,
    oldest_schemas,
)
from kwip.store.indexes import INDEXES
from kwip.store.maintenance.migrating import MigrationStore
from kwip.store.maintenance.shape import shapes
from kwip.store.present_indexes import ensure_indexes, present_indexes
from kwip.store.upgrades import SCHEMAS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings
    from kwip.store.maintenance.processes import Process
    from kwip.store.maintenance.shape import Shape
    from kwip.wiring import Wiring

_MB = 1_000_000


@click.group("db")
def command() -> None:
    """Create indexes, measure collections, and convert older documents."""


@command.command("indexes")
@click.option("--apply", "is_applied", is_flag=True, help="Create missing indexes.")
@json_option
@click.pass_obj
def indexes(settings: Settings, *, is_applied: bool, as_json: bool) -> int:
    """List indexes and what needs them, and find missing ones.

    Exits with 1 if an index is missing.
    """
    with connected(settings) as wiring:
        database = wiring.store.database
        created = ensure_indexes(database) if is_applied else {}
        rows = _rows(present_indexes(database))
    findings = [
        f"{row['collection']}.{row['name']} is missing: run `kwip db indexes --apply`"
        for row in rows
        if not row["present"]
    ]
    if as_json:
        print_json({"indexes": rows, "created": created, "findings": findings})
    else:
        _print(rows, created, findings)
    return FOUND if findings else 0


@command.command("shape")
@click.option(
    "--largest", "has_largest", is_flag=True, help="Find the largest documents, too."
)
@json_option
@click.pass_obj
def shape(settings: Settings, *, has_largest: bool, as_json: bool) -> None:
    """Show the size of each collection and its indexes.

    The largest comes first. With --largest, it reads all documents.
    """
    with connected(settings) as wiring:
        found = shapes(wiring.store, has_largest=has_largest)
    if as_json:
        print_json({"collections": [_shape_row(each) for each in found]})
        return
    for each in found:
        indexes = sum(each.indexes.values())
        click.echo(
            f"{each.collection}: {numbered(each.documents, 'document')},"
            f" {numbered(each.average, 'byte')} on average"
            + ("" if each.largest is None else f", {each.largest} at most")
            + f"; {each.stored / _MB:.1f} MB on disk, indexes {indexes / _MB:.1f} MB"
        )


def _shape_row(shape: Shape) -> dict[str, object]:
    indexes = [{"name": name, "bytes": n} for name, n in shape.indexes.items()]
    return {**asdict(shape), "indexes": indexes}


def _rows(present: Mapping[str, set[str]]) -> list[dict[str, object]]:
    return [
        {
            "collection": collection,
            "name": index.name,
            "needed_by": index.needed_by,
            "present": index.name in present[collection],
        }
        for collection, indexes in INDEXES.items()
        for index in indexes
    ]


def _print(
    rows: list[dict[str, object]],
    created: Mapping[str, list[str]],
    findings: list[str],
) -> None:
    for row in rows:
        mark = "ok" if row["present"] else "MISSING"
        click.echo(f"{mark:<9}{row['collection']}.{row['name']}")
        click.echo(f"         {row['needed_by']}")
    for collection, names in created.items():
        click.echo(f"created  {collection}: {', '.join(names)}")
    for finding in findings:
        click.echo(finding)


@command.command("migrate")
@dry_run_option
@throttle_option("Milliseconds to pause after every 1,000 documents.")
@json_option
@click.pass_obj
def migrate(settings: Settings, *, dry_run: bool, throttle: int, as_json: bool) -> int:
    """Convert documents of older versions to the form of this one.

    Run it after a release, when no process of an older version is left: documents that
    such a process writes later stay in the older form. The site can stay online. A
    document that is written meanwhile is read and converted again. An interrupted run
    resumes where it stopped.

    Refuses to run beside a version that cannot read the new form. Exits with 1 if
    older documents are left, or may still be written.
    """
    with connected(settings) as wiring, Bars(is_quiet=as_json) as bars:
        processes = agreement.running(wiring)
        migration = Migration(MigrationStore(wiring.store))
        if dry_run:
            found = migration.count(bars)
            counts = {name: schemas.total() for name, schemas in found.items()}
        else:
            _refuse(processes)
            counts = migration.run(_checkpoint(wiring), throttle / 1_000, bars)
    findings = _older(counts) if dry_run else []
    findings += _writers(processes)
    if as_json:
        print_json({"documents": counts, "findings": findings})
    else:
        for name, number in counts.items():
            done = "to convert" if dry_run else "converted"
            click.echo(f"{name}: {numbered(number, 'document')} {done}")
        for finding in findings:
            click.echo(finding)
    return FOUND if findings else 0


def _refuse(processes: list[Process]) -> None:
    for line in misfit_lines(processes):
        raise ConflictError(f"Nothing was changed. {line}.")


def _checkpoint(wiring: Wiring) -> Checkpoint:
    checkpoint = Checkpoint(wiring.jobs, JOB, system_clock_ms)
    if checkpoint.job.state == "done":
        checkpoint.restart()
    return checkpoint


def _older(counts: Mapping[str, int]) -> list[str]:
    return [
        f"{name}: {numbered(number, 'document')} of an older version: run `kwip db"
        " migrate`"
        for name, number in counts.items()
        if number
    ]


def _writers(processes: list[Process]) -> list[str]:
    """Say which processes write documents that this version would convert."""
    older = [
        process
        for process in processes
        if any(oldest_schemas([process])[name] < SCHEMAS[name] for name in SCHEMAS)
    ]
    return [
        f"{agreement.title(process)} still writes the form of its version: replace it,"
        " and run `kwip db migrate` again"
        for process in older
    ]
