"""`kwip db`: manage the database indexes, and measure the collections."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, numbered, print_json
from kwip.cli.running import connected
from kwip.store.indexes import INDEXES
from kwip.store.maintenance.shape import shapes
from kwip.store.present_indexes import ensure_indexes, present_indexes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings
    from kwip.store.maintenance.shape import Shape

_MB = 1_000_000


@click.group("db")
def command() -> None:
    """Manage database indexes and measure collections."""


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
