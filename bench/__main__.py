"""Measure each row beside its reference, in alternating rounds of one run.

`make bench` runs all rows, `make bench ROW=home` one. A ratio says what share of the
reference's requests per second Kwip reaches; the spread is that of the rounds.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.request import Request, urlopen

from bench.load import Connection, Target, requests_per_second
from bench.stacks import bare_stack, kwip, kwip_stack
from config.settings import rules

ROUNDS, SECONDS, CLIENTS = 7, 3.0, 8
WORKERS, THREADS = 1, 8
#: Quotas are charged as on any site, and never used up.
HUGE_QUOTAS = {
    rule.variable: "100000000"
    for name, rule in rules().items()
    if name.startswith("quota_")
}
FOLLOWEES, POSTS = 10, 60
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One figure: Kwip's and the reference's requests per second in each round."""

    name: str
    reference: str
    worker_class: str
    workers: int
    threads: int
    clients: int
    body_bytes: int
    kwip_per_s: list[float]
    reference_per_s: list[float]

    @property
    def ratios(self) -> list[float]:
        """Kwip's share of the reference, round by round."""
        pairs = zip(self.kwip_per_s, self.reference_per_s, strict=True)
        return [ours / theirs for ours, theirs in pairs]


def main(wanted: str | None) -> None:
    """Measure, print one table, and keep the figures in `bench/results/`."""
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        root = Path(folder)
        settings = {
            "KWIP_WEB_WORKERS": str(WORKERS),
            "KWIP_WEB_THREADS": str(THREADS),
            **HUGE_QUOTAS,
        }
        with kwip_stack(root / "home", settings) as environ:
            rows = measure(environ, root, wanted)
    print(table(rows))
    RESULTS.mkdir(exist_ok=True)
    for row in rows:
        report = {
            "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),  # noqa: TID251 -- a report, not a rule
            "python": platform.python_version(),
            **asdict(row),
            "ratio_median": statistics.median(row.ratios),
        }
        path = RESULTS / f"{row.name}.json"
        path.write_text(json.dumps(report, indent=2) + "\n")


def measure(environ: dict[str, str], root: Path, wanted: str | None) -> list[Row]:
    """Build a small world and measure the rows on it."""
    port = int(environ["KWIP_PORT"])
    targets = {
        name: target
        for name, target in build_world(environ, port).items()
        if wanted in {None, name}
    }
    bodies = root / "bodies"
    bodies.mkdir()
    for name, target in targets.items():
        connection = Connection(target)
        connection.ask()
        (bodies / name).write_bytes(connection.ask().body)
        connection.close()
    with bare_stack(bodies, workers=WORKERS, threads=THREADS) as bare_port:
        return [
            measure_row(name, target, Target(bare_port, f"/{name}"), bodies / name)
            for name, target in targets.items()
        ]


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
    found: dict[str, list[float]] = {"ours": [], "theirs": []}
    for target in (ours, theirs):
        requests_per_second(target, clients=CLIENTS, seconds=1.0)
    for number in range(ROUNDS):
        print(f"{name}: round {number + 1} of {ROUNDS}", file=sys.stderr)
        for side, target in (("ours", ours), ("theirs", theirs)):
            found[side].append(
                requests_per_second(target, clients=CLIENTS, seconds=SECONDS)
            )
    return Row(
        name=name,
        reference="bare Flask, same bytes",
        worker_class="gthread",
        workers=WORKERS,
        threads=THREADS,
        clients=CLIENTS,
        body_bytes=body.stat().st_size,
        kwip_per_s=found["ours"],
        reference_per_s=found["theirs"],
    )


def table(rows: list[Row]) -> str:
    """Print what was measured, one line a row."""
    head = ("row", "body", "Kwip req/s", "reference req/s", "ratio", "spread")
    lines = [head] + [
        (
            row.name,
            f"{row.body_bytes:,} B",
            f"{statistics.median(row.kwip_per_s):,.0f}",
            f"{statistics.median(row.reference_per_s):,.0f}",
            f"{statistics.median(row.ratios):.2f}",
            f"{min(row.ratios):.2f} to {max(row.ratios):.2f}",
        )
        for row in rows
    ]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
