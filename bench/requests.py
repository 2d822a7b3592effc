"""Rows of what a request costs: Kwip and a bare app under the same gunicorn."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import Request, urlopen

from bench.load import Connection, Target, requests_per_second
from bench.rows import Goal, Row, rounds
from bench.stacks import bare_stack, kwip, kwip_stack
from config.settings import rules

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS, SECONDS, CLIENTS = 7, 3.0, 8
WORKERS, THREADS = 1, 8
#: Quotas are charged as on any site, and never used up.
HUGE_QUOTAS = {
    rule.variable: "100000000"
    for name, rule in rules().items()
    if name.startswith("quota_")
}
FOLLOWEES, POSTS = 10, 60
#: What share of the bare app's requests per second each must reach.
GOALS = {"home": 0.5, "widget": 0.5}


def home() -> Iterator[Row]:
    """Measure an unchanged home page."""
    return _measure("home")


def widget() -> Iterator[Row]:
    """Measure an unchanged widget."""
    return _measure("widget")


def _measure(name: str) -> Iterator[Row]:
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        root = Path(folder)
        settings = {
            "KWIP_WEB_WORKERS": str(WORKERS),
            "KWIP_WEB_THREADS": str(THREADS),
            **HUGE_QUOTAS,
        }
        with kwip_stack(root / "home", settings) as environ:
            ours = build_world(environ, int(environ["KWIP_PORT"]))[name]
            bodies = root / "bodies"
            bodies.mkdir()
            connection = Connection(ours)
            connection.ask()
            (bodies / name).write_bytes(connection.ask().body)
            connection.close()
            with bare_stack(bodies, workers=WORKERS, threads=THREADS) as port:
                theirs = Target(port, f"/{name}")
                yield measure_row(name, ours, theirs, bodies / name)


def build_world(environ: dict[str, str], port: int) -> dict[str, Target]:
    """Make a viewer who follows ten authors of 60 posts; give the URLs to measure."""
    names = ["viewer", *(f"author{number}" for number in range(FOLLOWEES))]
    tokens = {}
    for name in names:
        email, password = f"{name}@example.org", "bench-password"
        kwip(environ, "users", "create", name, "--email", email, "--password", password)
        tokens[name] = kwip(environ, "users", "token", name)["token"]
    for name in names[1:]:
        kwip(environ, "users", "follow", "viewer", name)
    for number in range(POSTS):
        author = names[1 + number % FOLLOWEES]
        text = f"Post {number}: " + "some words of an ordinary length " * 3
        _post(port, tokens[author], text)
    bearer = ("Authorization", f"Bearer {tokens['viewer']}")
    return {
        "home": Target(port, "/api/v1/timelines/home?limit=20", (bearer,)),
        "widget": Target(port, "/api/widgets/v1/user/author0?limit=20"),
    }


def _post(port: int, token: str, text: str) -> None:
    request = Request(
        f"http://127.0.0.1:{port}/api/v1/statuses",
        data=json.dumps({"status": text}).encode(),
        headers={
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        },
    )
    with urlopen(request, timeout=10) as answer:  # noqa: S310 -- our own server
        answer.read()


def measure_row(name: str, ours: Target, theirs: Target, body: Path) -> Row:
    """Load both sides in turn, after a warm-up of each."""
    for target in (ours, theirs):
        requests_per_second(target, clients=CLIENTS, seconds=1.0)
    found = rounds(
        ROUNDS,
        lambda: requests_per_second(ours, clients=CLIENTS, seconds=SECONDS),
        lambda: requests_per_second(theirs, clients=CLIENTS, seconds=SECONDS),
    )
    return Row(
        name=name,
        what=f"GET {ours.path.partition('?')[0]}, unchanged",
        reference="bare Flask, same bytes",
        unit="requests/s",
        ours=found[0],
        theirs=found[1],
        goal=Goal("at least", GOALS[name]),
        setting={
            "worker class": "gthread",
            "workers": WORKERS,
            "threads": THREADS,
            "clients": CLIENTS,
            "body bytes": body.stat().st_size,
        },
    )
