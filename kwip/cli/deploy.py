"""`kwip deploy`: replace a running version by another one, machine by machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kwip import __version__
from kwip.cli import FOUND, json_option, print_json
from kwip.cli.bars import Bars
from kwip.cli.checking import agreement
from kwip.cli.deploying.checks import judge

if TYPE_CHECKING:
    from config.settings import Settings


@click.group("deploy")
def command() -> None:
    """Replace a running version by this one, machine by machine."""


@command.command("check")
@json_option
@click.pass_obj
def check(settings: Settings, *, as_json: bool) -> int:
    """Check whether this version may be released now.

    Run it with the files of the new version. Checks that MongoDB, Redis and the members
    of the replica set work, that all roles run, that settings and clocks agree, that
    the indexes of this version exist, that this version and those that run can read
    each other's documents, and that none is older than that. Reads every id of users,
    posts and follows once. Exits with 1 if something must be done first.
    """
    with Bars(is_quiet=as_json) as bars:
        verdict = judge(settings, bars)
    if as_json:
        print_json(
            {
                "version": __version__,
                "processes": [agreement.row(each) for each in verdict.processes],
                "findings": list(verdict.findings),
                "notes": list(verdict.notes),
            }
        )
    else:
        for note in verdict.notes:
            click.echo(f"note: {note}")
        for finding in verdict.findings or ["No problems found: you can release"]:
            click.echo(finding)
    return FOUND if verdict.findings else 0
