"""`kwip cluster`: several servers of each kind on this machine, behind nginx.

What runs is what runs on several machines, with the same settings. It is there to try,
show and measure what `docs/deployment.md` describes.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import click

from config.settings import rules
from kwip.cli.starting.ports import LOOPBACK
from kwip.cli.starting.programs import program
from kwip.cli.up import Stack, demo_world, has_swept, is_ready, run
from kwip.embedded.addresses import mongodb_address, valkey_address
from kwip.embedded.children import Child
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.servers import mongod_children, valkey_children
from kwip.nginx.configuration import Proxy, configuration, lists
from kwip.nginx.upstreams import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from config.settings import Settings

MEMBERS = ("mongod-1", "mongod-2", "mongod-3")
VALKEYS = ("valkey-cache", "valkey-queue", "valkey-realtime")
WORKERS = ("worker-1", "worker-2")
#: What listens on a port, and how far above that of nginx.
STEPS = {"web-1": 11, "web-2": 12, "web-3": 13, "live-1": 21, "live-2": 22}
#: The settings that make a process part of the cluster.
_SHARED = (
    *("home", "media_folder", "port", "bind", "origin"),
    *("live_port", "live_origin", "trusted_proxies"),
    *("mongodb_uri", "redis_cache_uri", "redis_queue_uri", "redis_realtime_uri"),
)
#: Debian's place, which is not on everybody's `PATH`.
_NGINX = "/usr/sbin/nginx"
#: Seven programs share the processors while they start.
_READY_S = 240.0


@click.group("cluster")
def command() -> None:
    """Run several servers of each kind on this machine."""


@command.command("up")
@click.option("--demo", is_flag=True, help="Fill an empty database with demo data.")
@click.option(
    "--web",
    "web_servers",
    type=click.IntRange(1, 3),
    default=3,
    show_default=True,
    help="Number of web servers, each with KWIP_WEB_WORKERS processes.",
)
@click.pass_obj
def up(settings: Settings, *, demo: bool, web_servers: int) -> None:
    """Start a whole cluster and keep it running.

    A replica set of three MongoDB servers, three Valkey servers, three web servers, two
    live processes, two workers, and nginx, which listens on KWIP_PORT, with its health
    checks. Give other commands the cluster's settings:
    `kwip --env-file KWIP_HOME/cluster.env COMMAND`.

    Press Ctrl-C to stop it.
    """
    home = HomeFolder(settings.home)
    settings = _shared(settings, home)
    environ = _environ(settings)
    demos = [demo_world(settings)] if demo and settings.demo else []
    steps = _steps(web_servers)
    stack = Stack(
        servers=partial(_servers, settings),
        members=MEMBERS,
        programs=[_given(child, environ) for child in _programs(settings, steps)],
        front=[_nginx(settings, steps), _given(_watch(settings), environ)],
        demos=[_given(child, environ) for child in demos],
        ports={"KWIP_PORT": settings.port}
        | {f"KWIP_PORT + {step}": settings.port + step for step in steps.values()},
        environ=environ,
        rows=partial(_rows, settings),
    )
    run(settings, stack)


def _steps(web_servers: int) -> Mapping[str, int]:
    """Return what listens on a port, with so many web servers."""
    beyond = {f"web-{number}" for number in range(web_servers + 1, 4)}
    return {role: step for role, step in STEPS.items() if role not in beyond}


def _shared(settings: Settings, home: HomeFolder) -> Settings:
    """Return what all servers of the cluster have in common."""
    return replace(
        settings,
        live_port=settings.port + STEPS["live-1"],
        live_origin="same",
        trusted_proxies=1,
        mongodb_uri=mongodb_address(home, MEMBERS),
        redis_cache_uri=valkey_address(home, "valkey-cache"),
        redis_queue_uri=valkey_address(home, "valkey-queue"),
        redis_realtime_uri=valkey_address(home, "valkey-realtime"),
    )


def _environ(settings: Settings) -> dict[str, str]:
    """Return the variables by which a program or a command belongs to the cluster."""
    return {rules()[name].variable: str(getattr(settings, name)) for name in _SHARED}


def _given(child: Child, environ: Mapping[str, str]) -> Child:
    """Add variables to a child, for those that it does not have."""
    return replace(child, environ={**environ, **child.environ})


def _servers(settings: Settings, home: HomeFolder) -> list[Child]:
    """Return the databases; write down how commands reach them."""
    lines = [f"{name}={value}\n" for name, value in _environ(settings).items()]
    home.write_secret("cluster.env", "".join(lines))
    return [
        *mongod_children(settings, home, MEMBERS),
        *valkey_children(settings, home, VALKEYS),
    ]


def _programs(settings: Settings, steps: Mapping[str, int] = STEPS) -> Iterator[Child]:
    for role, step in steps.items():
        kind, port = role.partition("-")[0], settings.port + step
        variable = "KWIP_PORT" if kind == "web" else "KWIP_LIVE_PORT"
        own = {"KWIP_BIND": LOOPBACK, variable: str(port)}
        ready = partial(is_ready, replace(settings, bind=LOOPBACK), port)
        child = replace(program(settings, kind), role=role, is_ready=ready)
        yield _given(replace(child, ready_s=_READY_S), own)
    swept = partial(has_swept, HomeFolder(settings.home))
    for role in WORKERS:
        child = replace(
            program(settings, "worker", "kwip.worker"), role=role, is_ready=swept
        )
        yield replace(child, ready_s=_READY_S)


def _nginx(settings: Settings, steps: Mapping[str, int]) -> Child:
    """Return nginx, in a folder of its own; limits by address are off.

    Raises:
        CannotStartError: It is missing.
    """
    found = shutil.which("nginx") or shutil.which(_NGINX)
    if found is None:
        raise CannotStartError("nginx is missing: run `apt-get install nginx`")
    folder = settings.home / "nginx"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    bind = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    proxy = Proxy(
        web=_addresses(settings, steps, "web"),
        live=_addresses(settings, steps, "live"),
        listen=[f"{bind}:{settings.port}"],
        rate=0,
        connections=0,
        watched=True,
        folder=folder,
        user="root" if os.geteuid() == 0 else None,
    )
    config = folder / "nginx.conf"
    config.write_text(configuration(settings, proxy))
    for pool, listing in lists(settings, proxy).items():
        write(HomeFolder(settings.home).upstreams, pool, listing)
    return Child(
        role="nginx",
        argv=[found, "-p", str(folder), "-c", str(config), "-g", "daemon off;"],
        is_ready=partial(is_ready, settings),
    )


def _watch(settings: Settings) -> Child:
    """Return the health checks of the servers behind nginx."""
    pid_file = str(settings.home / "nginx" / "nginx.pid")
    return program(settings, "upstreams", "kwip.cli.upstreams", "--pid-file", pid_file)


def _addresses(settings: Settings, steps: Mapping[str, int], kind: str) -> list[str]:
    return [
        f"{LOOPBACK}:{settings.port + step}"
        for role, step in steps.items()
        if role.partition("-")[0] == kind
    ]


def _rows(settings: Settings, pids: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """Return for each process its port and its number."""
    for role, pid in pids.items():
        port = f"port {settings.port + STEPS[role]}, " if role in STEPS else ""
        yield role, f"{port}process {pid}"
    yield "settings", str(settings.home / "cluster.env")
