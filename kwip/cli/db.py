"""`kwip db`: manage the database indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, print_json
from kwip.cli.running import connected
from kwip.store.indexes import INDEXES, ensure_indexes
from kwip.store.present_indexes import present_indexes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.settings import Settings


@click.group("db")
def command() -> None:
    """Manage the database indexes."""


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
