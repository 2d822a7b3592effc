"""Rows for a live site: how much one machine serves, overload, and idle cost.

Everything runs on the measured machine, including the client. The load is that of `kwip
world drive`: an open loop of homes, pages, widgets, posts and follows.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from bench.rows import Goal, Row
from bench.stacks import demo_stack, kwip, kwip_stack
from bench.worlds import HUGE_QUOTAS, MIX, home_of
from kwip.embedded.children import holder, marked
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUNDS, SECONDS = 3, 20.0
#: Warm-up before anything is measured, since real readers have read before.
WARM_UP_RATE, WARM_UP_S = 30, 180.0
#: The request rates that are tried, one after the other.
RATES = (10, 25, 40, 50, 60, 75, 90, 110, 130, 150, 175, 200, 240, 280)
LIMITS_MS = (50.0, 200.0)
TIMES_THE_PEAK = 4
IDLE_S, SETTLE_S = 60.0, 30.0


class Site:
    """A running stack with the world of the mix, in a folder of its own."""

    def __init__(self, environ: dict[str, str]):
        self._environ = environ
        self._seed = 0

    def drive(self, rate: float, seconds: float) -> dict[str, Any]:
        """Send it other requests than before."""
        self._seed += 1
        arguments = ("--rate", rate, "--seconds", seconds, "--seed", self._seed)
        driven = kwip(self._environ, "world", "drive", *map(str, arguments))
        print(f"{rate:>6.0f}/s: p95 {driven['p95_ms']} ms", file=sys.stderr)
        return dict(driven)


@contextmanager
def _site() -> Iterator[Site]:
    """Run a stack on a copy of the world, because a load writes to it; warmed up."""
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        home = Path(folder) / "home"
        shutil.copytree(home_of(MIX), home, ignore=shutil.ignore_patterns("run"))
        with kwip_stack(home, HUGE_QUOTAS) as environ:
            site = Site(environ)
            site.drive(WARM_UP_RATE, WARM_UP_S)
            yield site


def mix() -> Iterator[Row]:
    """Find the highest rates with good response times, and go beyond them."""
    sustained: dict[float, list[float]] = {limit: [] for limit in LIMITS_MS}
    peaks, beyond = [], []
    with _site() as site:
        for _ in range(ROUNDS):
            steps = list(_climb(site))
            for limit, found in sustained.items():
                good = [rate for rate, p95_ms, _ in steps if p95_ms < limit]
                found.append(max(good, default=0.0))
            peaks.append(max(in_time for _, _, in_time in steps))
            driven = site.drive(TIMES_THE_PEAK * peaks[-1], SECONDS)
            beyond.append(float(driven["in_time_per_s"]))
    setting = {"users": 5_000, "posts": 3_000, "seconds a step": SECONDS}
    for limit, goal in zip(LIMITS_MS, (60.0, 150.0), strict=True):
        yield Row(
            name=f"mix_{limit:.0f}",
            what=f"a living site, all on one machine: p95 below {limit:.0f} ms",
            reference="",
            unit="requests/s",
            ours=sustained[limit],
            theirs=[],
            goal=Goal("at least", goal),
            setting=setting,
        )
    yield Row(
        name="overload",
        what=f"good answers within a second at {TIMES_THE_PEAK} times the peak",
        reference="at the peak",
        unit="requests/s",
        ours=beyond,
        theirs=peaks,
        goal=Goal("at least", 0.8),
        setting=setting,
    )


def _climb(site: Site) -> Iterator[tuple[float, float, float]]:
    """Return rates with their p95 and good answers a second, until it is overloaded."""
    for rate in RATES:
        driven = site.drive(rate, SECONDS)
        p95_ms = driven["p95_ms"]
        yield rate, float("inf") if p95_ms is None else p95_ms, driven["in_time_per_s"]
        if p95_ms is None or p95_ms > 2 * max(LIMITS_MS):
            return


def idle() -> Iterator[Row]:
    """Measure the cost of a stack that nobody uses."""
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        home = Path(folder) / "home"
        with demo_stack(home):
            time.sleep(SETTLE_S)
            shares = [_share(HomeFolder(home)) for _ in range(ROUNDS)]
    yield Row(
        name="idle",
        what="CPU of a whole stack with the demo world that nobody uses",
        reference="",
        unit="% of a core",
        ours=shares,
        theirs=[],
        goal=Goal("at most", 2.0),
        setting={"seconds": IDLE_S},
    )


def _share(home: HomeFolder) -> float:
    """Return the share of a core that a home's processes use, in percent."""
    before, began = _cpu_s(home), time.monotonic()
    time.sleep(IDLE_S)
    return 100 * (_cpu_s(home) - before) / (time.monotonic() - began)


def _cpu_s(home: HomeFolder) -> float:
    """Sum the CPU seconds of a home's processes; ended ones do not count."""
    total = 0.0
    for process in (psutil.Process(holder(home)), *marked(home)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total
