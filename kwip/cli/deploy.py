"""`kwip deploy`: replace a running version by another one, machine by machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kwip import __version__
from kwip.cli import FOUND, json_option, numbered, print_json
from kwip.cli.bars import Bars
from kwip.cli.checking import agreement
from kwip.cli.deploying.checks import judge
from kwip.cli.deploying.draining import drain, end_drain
from kwip.cli.deploying.local import programs
from kwip.cli.deploying.reloading import Reload
from kwip.cli.running import NotRunningError, connected
from kwip.cli.starting.programs import ROLES
from kwip.embedded.home_folder import HomeFolder

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


@command.command("drain")
@click.option(
    "--settle",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    help="Seconds that load balancers need to notice.",
)
@click.option(
    "--within",
    type=click.FloatRange(min=0),
    default=30.0,
    show_default=True,
    help="Seconds to wait for open requests after that.",
)
@click.option("--undo", "is_undone", is_flag=True, help="Be ready again.")
@json_option
@click.pass_obj
def drain_command(
    settings: Settings,
    *,
    settle: float,
    within: float,
    is_undone: bool,
    as_json: bool,
) -> int:
    """Take the web servers of this machine out of service.

    `/readyz` says `draining` with 503, so that load balancers send no more requests
    here; those that come anyway are answered. Waits until no request is open. Workers
    need no draining: on SIGTERM they finish their jobs. It lasts until `kwip deploy
    reload`, `--undo`, or the next start of the web server.

    `kwip upstreams watch` has nginx leave out a server that drains. nginx alone does
    not look at `/readyz`. Exits with 1 if requests are still open.
    """
    home = HomeFolder(settings.home)
    if is_undone:
        end_drain(home)
        left = 0
    else:
        left = drain(home, settle_s=settle, within_s=within)
    if as_json:
        print_json({"draining": not is_undone, "open": left})
    elif is_undone:
        click.echo("No longer draining")
    else:
        click.echo(f"draining: {numbered(left, 'request')} open")
    return FOUND if left else 0


@command.command("reload")
@click.argument("roles", nargs=-1, type=click.Choice(list(ROLES)))
@click.option(
    "--within",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    help="Seconds that each program may take.",
)
@json_option
@click.pass_obj
def reload(
    settings: Settings, roles: tuple[str, ...], *, within: float, as_json: bool
) -> None:
    """Replace the programs of this machine by those on its disk.

    Replaces workers, the sweeper, web servers and live processes, one after the other,
    or only ROLES, and waits until each is ready. A web server starts its new processes
    before it stops the old ones. The others finish their jobs and exit, and systemd or
    `kwip up` starts them again. The supervisor of `kwip up` itself and its databases
    stay as they are.

    Stops at the first program that does not become ready, and says what to do.
    """
    home = HomeFolder(settings.home)
    chosen = roles or tuple(ROLES)
    if not any(each.role in chosen for each in programs(home)):
        raise NotRunningError(
            f"No such program of {home.root} runs on this machine: start it, or set"
            " KWIP_HOME."
        )
    replaced = []
    with connected(settings) as wiring:
        for each in Reload(settings, home, wiring, within).run(chosen):
            replaced.append(asdict(each))
            if not as_json:
                click.echo(f"{each.name}: {each.how} in {each.seconds} s")
    if as_json:
        print_json({"replaced": replaced})
