"""Worlds of a real network, loaded once and kept: users, follows, posts.

The network and the texts are named by the environment, as `kwip world load` takes them:
`BENCH_GRAPH` and `BENCH_TEXTS`. Loaded worlds stay in the folder `BENCH_HOME` (default
`var/bench`), because loading takes minutes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.stacks import KWIP, ROOT, kwip_stack
from config import logging
from config.settings import load, rules
from kwip.embedded import endpoints
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.replica_set import set_up
from kwip.embedded.servers import servers
from kwip.embedded.supervisor import Supervisor
from kwip.store.present_indexes import ensure_indexes
from kwip.wiring import Options, build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.store.client import CommandListener
    from kwip.wiring import Wiring

#: Rate limits are charged as on any site, and never reached.
HUGE_QUOTAS = {
    rule.variable: "100000000"
    for name, rule in rules().items()
    if name.startswith("quota_")
}
#: The recommended settings for a site of this size.
ROOM = {"KWIP_MONGOD_CACHE_MB": "256"}
#: The whole network, and parts of it with the lowest node numbers.
WHOLE, SMALL, MIX = "whole", "small", "mix"
_USERS = {WHOLE: None, SMALL: 1_000, MIX: 5_000}
_POSTS = {WHOLE: 4_000, SMALL: 400, MIX: 3_000}
_START_S = 60.0
#: The web server answers before the worker runs.
_WORKER_S = 10.0


class NoNetworkError(Exception):
    """The environment names no network to load."""


def home_of(world: str) -> Path:
    """Return the folder of a world, loaded if need be.

    Raises:
        NoNetworkError: There is nothing to load it from.
    """
    environ = os.environ  # noqa: TID251 -- as in `searching`, nowhere else in the bench
    home = Path(environ.get("BENCH_HOME", ROOT / "var" / "bench")) / world
    loaded = home.with_suffix(".loaded")
    if loaded.exists():
        return home
    graph, texts = environ.get("BENCH_GRAPH"), environ.get("BENCH_TEXTS")
    if not graph or not texts:
        message = "name a network: BENCH_GRAPH and BENCH_TEXTS"
        raise NoNetworkError(message)
    home.parent.mkdir(parents=True, exist_ok=True)
    users = [] if _USERS[world] is None else ["--users", str(_USERS[world])]
    with kwip_stack(home, ROOM) as stack:
        command = [
            *(KWIP, "world", "load", graph, texts),
            *("--posts", str(_POSTS[world])),
            *users,
        ]
        print(f"loading the world {world!r}", file=sys.stderr)
        time.sleep(_WORKER_S)
        subprocess.run(command, cwd=ROOT, env=stack, check=True)  # noqa: S603 -- ours
    loaded.touch()
    return home


@contextmanager
def empty_world() -> Iterator[Wiring]:
    """Run the servers of a new site, with its indexes and without a document."""
    with (
        tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder,
        servers_of(Path(folder) / "home") as environ,
        wired(environ) as wiring,
    ):
        ensure_indexes(wiring.store.database)
        yield wiring


@contextmanager
def servers_of(home: Path) -> Iterator[dict[str, str]]:
    """Run only a home's private servers; yields the environment that names it."""
    environ = {
        "KWIP_HOME": str(home),
        "KWIP_CACHE_CHANGE_STREAM": "0",
        **HUGE_QUOTAS,
        **ROOM,
    }
    of = HomeFolder(home)
    of.prepare()
    supervisor = Supervisor(of, wait=_pause, said=_say)
    supervisor.start(servers(load(environ), of), 0.0)
    try:
        set_up(of, of.secret("mongodb"), deadline_s=_START_S)
        yield environ
    finally:
        supervisor.stop()


def _pause(seconds: float) -> bool:
    time.sleep(seconds)
    return False


def _say(_: str) -> None:
    """Print nothing: what matters is in the home's logs."""


@contextmanager
def wired(
    environ: dict[str, str],
    listeners: tuple[CommandListener, ...] = (),
    *,
    is_sharded: bool = False,
) -> Iterator[Wiring]:
    """Build the parts of a process without a queue; it holds a cache lease.

    With `is_sharded` it writes as to a sharded cluster.
    """
    settings = load(environ)
    logging.configure("warning")
    options = Options(
        enqueue=lambda *_: True,
        signal=lambda *_: None,
        listeners=listeners,
        is_sharded=is_sharded,
    )
    wiring = build(settings, endpoints(settings), role="worker", options=options)
    try:
        wiring.fence.await_lease(within_s=10.0)
        yield wiring
    finally:
        wiring.close()
