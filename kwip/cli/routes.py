"""`kwip routes`: the route table."""

from __future__ import annotations

import click

from kwip.blueprints.routes import AREAS
from kwip.cli import json_option, print_json

_COLUMNS = (
    *("method", "rule", "auth", "permission", "scope", "quota", "cache", "csrf"),
    *("secondaries", "why"),
)


@click.command("routes")
@click.argument("part", default="")
@json_option
def command(part: str, *, as_json: bool) -> None:
    """List the routes, and what each of them requires.

    With PART, only the routes whose address contains it. It needs no running stack.
    `secondaries` says for whom a route is loaded from secondaries of MongoDB if
    KWIP_READ_FROM_SECONDARIES is set, and `why` the reason for that.
    """
    rows = [
        {
            "area": area,
            "method": route.method,
            "rule": route.rule,
            "auth": route.policy.auth,
            "permission": route.policy.permission,
            "scope": route.policy.scope,
            "quota": route.policy.quota,
            "cache": route.policy.cache,
            "csrf": route.policy.csrf,
            "secondaries": route.policy.secondaries,
            "why": route.policy.secondaries_why,
        }
        for area, routes in AREAS.items()
        for route in routes
        if part in route.rule
    ]
    if as_json:
        print_json({"routes": rows})
        return
    if not rows:
        raise click.UsageError(f"no route contains {part!r}")
    lines = [_COLUMNS, *(tuple(row[name] or "-" for name in _COLUMNS) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())
