"""`kwip check`: compare settings with those of the processes that run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip.cli import FOUND, json_option, numbered, print_json
from kwip.cli.checking import agreement
from kwip.cli.running import connected
from kwip.cli.starting.programs import ROLES
from kwip.embedded.prepare import require_outside
from kwip.services.maintenance.presence import FILING

if TYPE_CHECKING:
    from config.settings import Settings


@click.command("check")
@click.argument("role", type=click.Choice(list(ROLES)), required=False)
@json_option
@click.pass_obj
def command(settings: Settings, role: str | None, *, as_json: bool) -> int:
    """Check these settings against the running processes.

    Compares the address of the site, secret keys, servers, limits, clocks and versions
    with those of every process that uses the same database, and looks for missing
    indexes. With ROLE, it first checks that `kwip serve ROLE` could start with these
    settings. Exits with 1 if something is missing or does not fit.
    """
    if role:
        require_outside(settings)
    with connected(settings) as wiring:
        processes = agreement.running(wiring)
        has_files = role is None or role in FILING
        findings = list(
            agreement.findings(settings, wiring, processes, has_files=has_files)
        )
    if as_json:
        rows = [agreement.row(process) for process in processes]
        print_json({"processes": rows, "findings": findings})
    else:
        click.echo(f"{numbered(len(processes), 'process')} found")
        for finding in findings or ["No problems found"]:
            click.echo(finding)
    return FOUND if findings else 0
