"""Rows for a cluster behind nginx, beside one machine, on the same processors.

Everything runs on the measured machine, including the client. The cluster's three
MongoDB servers write everything three times, with the processors that web has too.
"""

from __future__ import annotations

import math
import shutil
import statistics
import tempfile
from collections import defaultdict
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench.clusters import cluster_stack, give_members, one_server
from bench.driving import Driver, Step, driver
from bench.rows import Goal, Row, rounds
from bench.stacks import kwip_stack
from bench.worlds import HUGE_QUOTAS, ROOM, WHOLE, home_of
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVERS = (1, 2, 3)
#: People who make requests. Each takes some milliseconds to sign in.
PEOPLE = 2_000
#: All web processes together: one, two and three servers can have as many.
PROCESSES = 6
WARM_UP_RATE, WARM_UP_S = 60, 40.0
#: Of the search for the highest rate: where it begins, its first steps, how often the
#: last step is halved, and the seconds of each.
FIRST_RATE, FACTOR, HALVINGS, SECONDS = 120.0, 1.3, 3, 10.0
LOWEST_RATE, HIGHEST_RATE = 20.0, 1_000.0
LIMIT_MS = 200.0
CLIENTS, ROUNDS, ROUND_S = 16, 7, 12.0
TIMES_THE_PEAK, PEAK_ROUNDS = 4, 3
#: The statuses of a request that was refused because there were too many.
REFUSALS = frozenset({429, 503})


@contextmanager
def _single() -> Iterator[Driver]:
    """Run all on one machine with `kwip up`, warmed up."""
    with (
        _copy() as home,
        kwip_stack(home, _settings(PROCESSES)) as environ,
        driver(environ, PEOPLE) as site,
    ):
        site.drive(WARM_UP_RATE, WARM_UP_S)
        yield site


@contextmanager
def _cluster(web_servers: int) -> Iterator[tuple[Driver, dict[str, str]]]:
    """Run a cluster, warmed up; yields the environment of its commands too."""
    with _copy() as home:
        give_members(HomeFolder(home))
        each = _settings(PROCESSES // web_servers)
        with (
            cluster_stack(home, each, web_servers=web_servers) as environ,
            driver(environ, PEOPLE) as site,
        ):
            site.drive(WARM_UP_RATE, WARM_UP_S)
            yield site, environ


@contextmanager
def _copy() -> Iterator[Path]:
    """Copy the world, because a load writes to it."""
    world = home_of(WHOLE)
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        home = Path(folder) / "home"
        shutil.copytree(world, home, ignore=shutil.ignore_patterns("run"))
        yield home


def _settings(processes: int) -> dict[str, str]:
    return {**HUGE_QUOTAS, **ROOM, "KWIP_WEB_WORKERS": str(processes)}


def mix() -> Iterator[Row]:
    """Find the highest rate of a cluster with one to three web servers."""
    with _single() as site:
        beside, cost = _sustained(site)
    setting = _setting() | {"seconds a step": SECONDS}
    yield Row(
        name="cluster_mix_single",
        what=f"one machine with `kwip up`: p95 below {LIMIT_MS:.0f} ms",
        reference="",
        unit="requests/s",
        ours=[beside],
        theirs=[],
        goal=None,
        setting=setting,
        notes=cost,
    )
    for number in SERVERS:
        with _cluster(number) as (site, _):
            found, cost = _sustained(site)
        yield Row(
            name=f"cluster_mix_{number}",
            what=f"a cluster, web servers: {number}; p95 below {LIMIT_MS:.0f} ms",
            reference="one machine with `kwip up`",
            unit="requests/s",
            ours=[found],
            theirs=[beside],
            goal=Goal("at least", 0.9),
            setting=setting,
            notes=cost,
        )


def _setting() -> dict[str, str | int | float]:
    return {
        "users": 82_168,
        "people": PEOPLE,
        "web processes together": PROCESSES,
    }


def _sustained(site: Driver) -> tuple[float, dict[str, float]]:
    """Find the highest rate with good response times, and what a request costs then.

    Raises:
        RuntimeError: There is none.
    """
    good: list[Step] = []

    def is_good(rate: float) -> bool:
        step = site.drive(rate, SECONDS)
        if step.p95_ms < LIMIT_MS:
            good.append(step)
        return step.p95_ms < LIMIT_MS

    low = high = FIRST_RATE
    if is_good(FIRST_RATE):
        while high < HIGHEST_RATE and is_good(high := high * FACTOR):
            low = high
    else:
        while low > LOWEST_RATE and not is_good(low := low / FACTOR):
            high = low
    for _ in range(HALVINGS):
        between = math.sqrt(low * high)
        low, high = (between, high) if is_good(between) else (low, between)
    if not good:
        raise RuntimeError(f"no rate had a p95 below {LIMIT_MS:.0f} ms")
    return max(step.driven.rate for step in good), _cost(good)


def _cost(steps: list[Step]) -> dict[str, float]:
    """Return the CPU milliseconds of each part for one request."""
    used: dict[str, float] = defaultdict(float)
    for step in steps:
        members = sorted(
            (cpu_s for part, cpu_s in step.cpu_s.items() if part.startswith("mongod")),
            reverse=True,
        )
        used["primary"] += members[0]
        used["secondaries"] += sum(members[1:])
        for part, cpu_s in step.cpu_s.items():
            if not part.startswith("mongod"):
                used[part] += cpu_s
    requests = sum(step.driven.requests for step in steps)
    return {f"{part} ms": 1_000 * cpu_s / requests for part, cpu_s in used.items()}


def throughput() -> Iterator[Row]:
    """Compare three web servers with one that has as many processes.

    Both serve the same databases and caches, each through an nginx of its own.
    """
    with (
        _cluster(3) as (site, environ),
        one_server(environ, PROCESSES) as port,
    ):

        def three() -> float:
            return site.saturate(CLIENTS, ROUND_S)

        def one() -> float:
            return site.saturate(CLIENTS, ROUND_S, port)

        for _ in range(2):  # each process has a memory of its own to fill
            three(), one()
        ours, theirs = rounds(ROUNDS, three, one)
    yield Row(
        name="cluster_throughput",
        what="three web servers behind nginx, as many requests as they answer",
        reference="one with as many processes",
        unit="requests/s",
        ours=ours,
        theirs=theirs,
        goal=Goal("at least", 0.9),
        setting=_setting() | {"clients": CLIENTS, "seconds a round": ROUND_S},
    )


def overload() -> Iterator[Row]:
    """Send a cluster four times as many requests as it answers at its peak."""
    peaks, beyond, refused, other = [], [], [], 0
    with _cluster(3) as (site, _):
        for _ in range(PEAK_ROUNDS):
            peaks.append(_peak(site))
            step = site.drive(TIMES_THE_PEAK * peaks[-1], SECONDS)
            beyond.append(step.driven.in_time_per_s)
            refused += [a.took_s for a in step.answers if a.status in REFUSALS]
            other += sum(
                not a.is_in_time and a.status not in REFUSALS for a in step.answers
            )
            site.drive(WARM_UP_RATE, SECONDS)  # until nothing waits any more
    refused.sort()
    yield Row(
        name="cluster_overload",
        what=f"good answers through nginx at {TIMES_THE_PEAK} times the peak",
        reference="at the peak",
        unit="requests/s",
        ours=beyond,
        theirs=peaks,
        goal=Goal("at least", 0.8),
        setting=_setting() | {"seconds a step": SECONDS},
        notes={
            "refused": len(refused),
            "p50 of a refusal, ms": 1_000 * statistics.median(refused or [0.0]),
            "p95 of a refusal, ms": 1_000 * refused[int(len(refused) * 0.95)]
            if refused
            else 0.0,
            "neither in time nor refused": other,
        },
    )


def _peak(site: Driver) -> float:
    """Return the most good answers a second, at rates up to too high ones."""
    rate, found = FIRST_RATE, []
    while rate < HIGHEST_RATE:
        step = site.drive(rate, SECONDS)
        found.append(step.driven.in_time_per_s)
        if step.p95_ms > 2 * LIMIT_MS:
            break
        rate *= FACTOR
    return max(found)
