"""Start a cluster with the world of a single machine, and one more web server."""

from __future__ import annotations

import os
import shutil
import socket
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymongo

from bench.stacks import KWIP, free_port, running, wait_for
from config.settings import load
from kwip.cli.cluster import MEMBERS, STEPS
from kwip.embedded.addresses import mongodb_address
from kwip.embedded.replica_set import set_up
from kwip.embedded.servers import mongod_children
from kwip.embedded.supervisor import Supervisor
from kwip.nginx.configuration import Proxy, configuration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kwip.embedded.home_folder import HomeFolder

#: What a cluster has besides the port of nginx: its programs and the metrics.
_METRICS = 1_000
_START_S = 240.0
_SET_UP_S = 60.0
#: A member that ends by itself has written everything to its files.
_GRACE_S = 20.0
#: Before it does, it waits 15 s for other members, which don't run yet.
_STOP_WAITS = "shutdownTimeoutMillisForSignaledShutdown"


def give_members(home: HomeFolder) -> None:
    """Turn the data of one MongoDB server into those of a cluster's members.

    They begin with the same data, so none has to copy it from another.
    """
    first, *others = MEMBERS
    home.data("mongod").rename(home.data(first))
    home.prepare()
    settings = load({"KWIP_HOME": str(home.root)})
    supervisor = Supervisor(home, wait=_pause, said=lambda _: None)
    supervisor.start(mongod_children(settings, home, [first]), _GRACE_S)
    try:
        set_up(home, home.secret("mongodb"), deadline_s=_SET_UP_S, members=[first])
        uri = mongodb_address(home, [first]).partition("?")[0]
        with pymongo.MongoClient[dict[str, Any]](f"{uri}?directConnection=true") as one:
            config: Any = one.local["system.replset"].find_one()
            for number, member in enumerate(others, 1):
                host = str(home.socket(member))
                config["members"].append({"_id": number, "host": host})
            config["version"] += 1
            one.admin.command("replSetReconfig", config, force=True)
            one.admin.command({"setParameter": 1, _STOP_WAITS: 0})
    finally:
        supervisor.stop()
    for member in others:
        shutil.copytree(home.data(first), home.data(member))


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


@contextmanager
def cluster_stack(
    home: Path, environ: Mapping[str, str], *, web_servers: int = 3
) -> Iterator[dict[str, str]]:
    """Run `kwip cluster up` in `home`; yields the environment of its commands."""
    base = free_base()
    full = {
        **os.environ,  # noqa: TID251 -- a child gets what we have
        "KWIP_HOME": str(home),
        "KWIP_PORT": str(base),
        "KWIP_METRICS_PORT": str(base + _METRICS),
        "KWIP_LIVE_PORT": str(base + STEPS["live-1"]),
        "KWIP_LOG_LEVEL": "warning",
        **environ,
    }
    command = [KWIP, "cluster", "up", "--web", str(web_servers)]
    with running(command, full, home.parent / "cluster"):
        wait_for(base, "/readyz", _START_S)
        lines = (home / "cluster.env").read_text(encoding="utf-8").splitlines()
        shared = dict(line.split("=", 1) for line in lines)
        # The first live port is that of a program; commands need the other settings.
        yield {**full, **shared}


@contextmanager
def one_server(environ: Mapping[str, str], workers: int) -> Iterator[int]:
    """Add a web server to a cluster, and an nginx for it alone; yields nginx's port."""
    home = Path(environ["KWIP_HOME"])
    own, web, port = home.parent / "one", free_port(), free_port()
    full = {
        **environ,
        "KWIP_HOME": str(own),
        "KWIP_BIND": "127.0.0.1",
        "KWIP_PORT": str(web),
        "KWIP_METRICS_PORT": str(free_port()),
        "KWIP_WEB_WORKERS": str(workers),
        "KWIP_SECRET_KEY_FILE": str(home / "secrets" / "flask"),
    }
    folder = own / "nginx"
    folder.mkdir(parents=True, mode=0o700)
    proxy = Proxy(
        web=[f"127.0.0.1:{web}"],
        listen=[f"127.0.0.1:{port}"],
        rate=0,
        connections=0,
        folder=folder,
        user="root" if os.geteuid() == 0 else None,
    )
    config = folder / "nginx.conf"
    config.write_text(configuration(load(environ), proxy), encoding="utf-8")
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    command = [nginx, "-p", str(folder), "-c", str(config), "-g", "daemon off;"]
    with (
        running([KWIP, "serve", "web"], full, home.parent / "one-web"),
        running(command, full, home.parent / "one-nginx"),
    ):
        wait_for(port, "/readyz")
        yield port


def free_base() -> int:
    """Find a port from which on a whole cluster has the ports that it needs."""

    def is_free(port: int) -> bool:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
            return True

    steps = (0, *STEPS.values(), _METRICS)
    for base in range(20_000, 30_000, 50):
        if all(is_free(base + step) for step in steps):
            return base
    raise OSError("no free ports for a cluster")
