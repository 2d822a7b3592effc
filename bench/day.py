"""The row for a day of a site in fast motion: failed requests, and growing memory.

A day of the people of `docs/scaling.md` is more than a small machine answers in some
minutes. So the row sends what the machine answers comfortably, and says which share of
the day that was. `BENCH_DAY_MINUTES` is how long it sends.
"""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from bench.driving import OK, driver, processes
from bench.memory import Growth, keep
from bench.rows import Goal, Row
from bench.scaling import PEOPLE
from bench.stacks import free_port, kwip_stack
from bench.worlds import HUGE_QUOTAS, ROOM, WHOLE, home_of
from kwip.domain.world.driving import SHARES
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bench.driving import Step
    from kwip.domain.world.driving import Act

USERS = 50_000
MINUTES = 9.0
#: Requests a second: some less than `mix_50` answered within 50 ms.
COMFORTABLE = 80.0
#: Requests a second, and seconds, before the day begins: the caches are empty.
FIRST_RATE, FIRST_S = 30.0, 60.0
#: Of the time, before memory counts: caches and pools are filled by then.
WARM_UP = 0.4
EVERY_S = 5.0
_MB = 1_000_000
#: What is ours; what else there is has a limit for its memory in its settings.
_OURS = ("supervisor", "web", "live", "worker")
_DAY_S, _HOURS = 86_400, 24


def requests_of_a_day(users: int) -> Mapping[Act, float]:
    """Return how many requests of each kind the people of a site send in a day.

    Reads are divided as in `kwip world drive`, which also has follows.
    """
    active = users * PEOPLE.active
    reads = {act: share for act, share in SHARES.items() if act != "post"}
    total = sum(share for act, share in reads.items() if act != "follow")
    each = active * PEOPLE.reads / total
    return {act: each * share for act, share in reads.items()} | {
        "post": active * PEOPLE.posts
    }


def day() -> Iterator[Row]:
    """Send a day's requests as fast as is comfortable, and watch every process."""
    minutes = float(os.environ.get("BENCH_DAY_MINUTES", MINUTES))  # noqa: TID251 -- as in `worlds`
    acts = requests_of_a_day(USERS)
    total = sum(acts.values())
    rate = min(COMFORTABLE, total / (60 * minutes))
    world = home_of(WHOLE)
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        home = Path(folder) / "home"
        shutil.copytree(world, home, ignore=shutil.ignore_patterns("run"))
        live = {"KWIP_LIVE_PORT": str(free_port())}
        with (
            kwip_stack(home, {**HUGE_QUOTAS, **ROOM, **live}) as environ,
            driver(environ) as site,
        ):
            site.drive(min(FIRST_RATE, rate), FIRST_S, acts)
            with _watched(HomeFolder(home)) as seen:
                step = site.drive(rate, 60 * minutes, acts)
    hour_s = total / _HOURS / rate
    growth = _growth(seen, 60 * minutes, hour_s)
    keep(growth, hour_s=hour_s, warm_up_s=60 * minutes * WARM_UP)
    sent = step.driven.requests
    yield _errors(step, total, rate, minutes)
    ours = {g.name: g.mb_per_hour for g in growth if g.part in _OURS}
    yield Row(
        name="day_memory",
        what="the fastest growing process of Kwip's, in an hour of that day",
        reference="",
        unit="MB",
        ours=[max(ours.values())],
        theirs=[],
        goal=Goal("at most", 1.0),
        setting={
            "an hour": f"{total / _HOURS:,.0f} requests",
            "hours": round(sent / total * _HOURS * (1 - WARM_UP), 1),
        },
        notes={f"{g.name}, MB": g.mb_per_hour for g in growth},
    )


def _errors(step: Step, total: float, rate: float, minutes: float) -> Row:
    answers = step.answers
    return Row(
        name="day",
        what=f"a day of {USERS:,} users in fast motion: requests that failed",
        reference="",
        unit="requests",
        ours=[float(sum(answer.status not in OK for answer in answers))],
        theirs=[],
        goal=Goal("at most", 0.0),
        setting={
            "requests of a day": round(total),
            "sent": len(answers),
            "posts": sum(answer.planned.act == "post" for answer in answers),
            "share of a day": f"{len(answers) / total:.0%}",
            "minutes": minutes,
            "requests a second": rate,
            "times faster": round(rate * _DAY_S / total),
        },
        notes={
            "p50_ms": step.driven.p50_ms or 0.0,
            "p95_ms": step.driven.p95_ms or 0.0,
        },
    )


#: The seconds since the start and the bytes of memory, by role and process.
Seen = dict[tuple[str, int], list[tuple[float, int]]]


@contextmanager
def _watched(home: HomeFolder) -> Iterator[Seen]:
    """Note the memory of every process every few seconds."""
    seen: Seen = defaultdict(list)
    stop, began = threading.Event(), time.monotonic()

    def watch() -> None:
        while True:
            for role, process in processes(home):
                with suppress(psutil.NoSuchProcess):
                    rss = process.memory_info().rss
                    seen[role, process.pid].append((time.monotonic() - began, rss))
            if stop.wait(EVERY_S):
                return

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def _growth(seen: Seen, seconds: float, hour_s: float) -> list[Growth]:
    """Compute how fast each process grows, of those that were there all the time."""
    most = max(map(len, seen.values()))
    staying = {who: found for who, found in seen.items() if len(found) >= most - 1}
    after_s = seconds * WARM_UP
    of_role: dict[str, list[int]] = defaultdict(list)
    for role, pid in staying:
        of_role[role].append(pid)
    return [
        Growth(
            name=f"{role}, child {number}" if number else role,
            part=role.partition("-")[0],
            mb_per_hour=round(_slope(staying[role, pid], after_s) * hour_s, 3) + 0.0,
            samples=[(round(s), rss / _MB) for s, rss in staying[role, pid]],
        )
        for role, pids in of_role.items()
        for number, pid in enumerate(pids)
    ]


def _slope(samples: Sequence[tuple[float, int]], after_s: float) -> float:
    """Fit a line by least squares; return its MB a second."""
    late = [(s, rss / _MB) for s, rss in samples if s >= after_s]
    seconds, sizes = zip(*late, strict=True)
    return statistics.linear_regression(seconds, sizes).slope
