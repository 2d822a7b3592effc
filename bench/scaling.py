"""Compute from measured unit costs what a larger site needs, for `docs/scaling.md`.

What people do is assumed; what it costs is read from `bench/results/`.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.report import CLIENT, cpu_ms
from bench.rows import kept

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.rows import Row

USERS = (10**5, 10**6, 10**7, 10**8)
DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """What people do in a day.

    Attributes:
        active: The share of users who visit on a day.
        posts: Per active user.
        reads: Pages of a timeline per active user.
        homes: Homes that a post is delivered to.
        peak: How many times more there is in the busiest hour.
        load: The share of a machine's capacity to plan with.
    """

    active: float = 0.2
    posts: float = 1.5
    reads: float = 20.0
    homes: float = 100.0
    peak: float = 3.0
    load: float = 0.25


PEOPLE = People()
#: Requests a second of real use that one core answers with its web process: pages, API,
#: widgets and writes, as `kwip world drive` sends them, with a p95 below 200 ms.
WEB_CORE = 60.0


#: The unit of each row.
_UNITS: Mapping[str, str] = {
    "fanout": "deliveries by one thread of a worker",
    "burst": "the same when ten posts wait together",
    "oplog_single": "oplog of a delivery",
    "oplog_burst": "oplog of a delivery, ten at once",
    "size": "a warm page of home, in the app alone",
    "cold": "a cold page of home",
    "home": "unchanged pages of home by one web process",
    "hit_ratio": "objects that a read finds in the cache",
}


def unit_costs() -> str:
    """List what one unit of each kind of work costs, and the row that says so."""
    rows = _rows()
    lines = ["| unit | cost | row |", "|---|---|---|"]
    for name, what in _UNITS.items():
        cost = _median(rows, name)
        if cost is not None:
            lines.append(f"| {what} | {_amount(cost)} {rows[name].unit} | `{name}` |")
    bare = _median(rows, "fanout", is_reference=True)
    if bare is not None:
        unit = rows["fanout"].unit
        lines.append(
            f"| bare pushes by one connection to MongoDB | {_amount(bare)} {unit} |"
            " `fanout` |"
        )
    return "\n".join(lines) + "\n"


def growth() -> str:
    """Compute the load of larger sites and what they need at the measured costs."""
    rows = _rows()
    head = ["users", "posts/s", "deliveries/s", "reads/s", "oplog of deliveries"]
    head += ["worker threads", "web: unchanged pages", "web: real use", "shards"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [_line(users, rows) for users in USERS]
    return "\n".join(lines) + "\n"


def cluster_cores() -> str:
    """Compute how many cores each part of a cluster needs, at the measured costs."""
    rows = _rows()
    if "cluster_mix_3" not in rows:
        return "Not measured yet: `make bench ROW=cluster-mix`.\n"
    cost = cpu_ms(rows["cluster_mix_3"])
    for part in (CLIENT, "supervisor"):  # on several machines there is neither
        cost.pop(part, None)
    head = ["part", "requests/s of one core", *map(_power, USERS)]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for part, ms in cost.items():
        cores = [_number(_requests(users) * ms / 1e3 / PEOPLE.load) for users in USERS]
        per_core = _amount(1e3 / ms) if ms else "-"
        lines.append(f"| {part} | {per_core} | {' | '.join(cores)} |")
    return "\n".join(lines) + "\n"


def _requests(users: int) -> float:
    """Return the requests a second in the busiest hour: reads and posts."""
    acts_s = users * PEOPLE.active * PEOPLE.peak / DAY_S
    return acts_s * (PEOPLE.reads + PEOPLE.posts)


def _power(users: int) -> str:
    return f"10^{round(math.log10(users))}"


def _line(users: int, rows: Mapping[str, Row]) -> str:
    acts_s = users * PEOPLE.active * PEOPLE.peak / DAY_S
    posts, reads = acts_s * PEOPLE.posts, acts_s * PEOPLE.reads
    deliveries = posts * PEOPLE.homes
    bytes_each = _median(rows, "oplog_single")
    worker = _median(rows, "fanout")
    pushes = _median(rows, "fanout", is_reference=True)
    page_s = _median(rows, "size")
    cells = [
        _power(users),
        _amount(posts),
        _amount(deliveries),
        _amount(reads),
        "-" if bytes_each is None else f"{deliveries * bytes_each / 1e6:,.3g} MB/s",
        "-" if worker is None else _number(deliveries / (worker * PEOPLE.load)),
        "-" if page_s is None else _number(reads * page_s / PEOPLE.load),
        _number(reads / (WEB_CORE * PEOPLE.load)),
        "-" if pushes is None else _number(deliveries / (pushes * PEOPLE.load)),
    ]
    return f"| {' | '.join(cells)} |"


def _rows() -> dict[str, Row]:
    return {row.name: row for row, _ in kept()}


def _median(
    rows: Mapping[str, Row], name: str, *, is_reference: bool = False
) -> float | None:
    if name not in rows:
        return None
    row = rows[name]
    return statistics.median(row.theirs if is_reference else row.ours)


def _amount(value: float) -> str:
    return f"{float(f'{value:.3g}'):,g}"


def _number(value: float) -> str:
    return f"{max(1, math.ceil(value)):,}"
