"""`kwip serve`: become one role of a site whose servers are already running."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from config.addresses import role_metrics_port
from config.draining import draining_mark
from config.environment import DEFAULT
from config.settings import PROJECT
from kwip.cli import SOURCES
from kwip.cli.starting.ports import LOOPBACK, check_port
from kwip.cli.starting.programs import ROLES, program
from kwip.embedded.children import holder
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.prepare import require_outside
from kwip.embedded.served import environ_of

if TYPE_CHECKING:
    from config.settings import Settings

_METRICS = "KWIP_METRICS_PORT"


@click.command("serve")
@click.argument("role", type=click.Choice(list(ROLES)))
@click.pass_context
def command(ctx: click.Context, role: str) -> None:
    """Run one role of the site: web, live, worker or sweeper.

    MongoDB must be running already. Without Redis, the role starts with a warning, and
    uses it when it responds. The program takes the place of this
    command, writes its log to standard output, and ends with 0 on SIGTERM.
    """
    settings: Settings = ctx.obj
    home = HomeFolder(settings.home)
    if ctx.meta[SOURCES].of(_METRICS) == DEFAULT:
        port = role_metrics_port(settings.metrics_port, role)
        settings = replace(settings, metrics_port=port)
    for line in require_outside(settings, may_be_away=True):
        click.echo(f"kwip: warning: {line}", err=True)
    home.make_folders()
    _require_alone(home)
    _check_ports(settings, role)
    if role == "web":  # an earlier drain has ended with what was drained
        draining_mark(home.root).unlink(missing_ok=True)
    home.make_metrics(home.served_metrics(settings.metrics_port))
    found = program(settings, role)
    environ = {
        **os.environ,  # noqa: TID251 -- inherited, not read
        **found.environ,
        **environ_of(role, home, settings.metrics_port),
        _METRICS: str(settings.metrics_port),
    }
    os.chdir(PROJECT)
    os.execve(found.argv[0], list(found.argv), environ)  # noqa: S606 -- a command of ours


def _require_alone(home: HomeFolder) -> None:
    supervisor = holder(home)
    if supervisor is not None:
        raise CannotStartError(
            f"`kwip up` already runs in {home.root} (process {supervisor}):"
            " stop it or set another KWIP_HOME"
        )


def _check_ports(settings: Settings, role: str) -> None:
    if role == "web":
        check_port("KWIP_PORT", settings.bind, settings.port)
    if role == "live" and not settings.live_port:
        raise CannotStartError("KWIP_LIVE_PORT=0: must be a port for `kwip serve live`")
    if role == "live":
        check_port("KWIP_LIVE_PORT", settings.bind, settings.live_port)
    check_port(_METRICS, LOOPBACK, settings.metrics_port)
