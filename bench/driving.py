"""Drive a running stack from the bench's own process, and see where the CPU goes.

The load is that of `kwip world drive`. Everybody signs in once, before the first step,
so that nothing but the load happens during a step.
"""

from __future__ import annotations

import asyncio
import itertools
import resource
import sys
import time
from collections import Counter, defaultdict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from bench.report import CLIENT
from config.settings import load
from kwip.cli.running import connected
from kwip.cli.traffic.drive import crowd
from kwip.cli.traffic.open_loop import OpenLoop
from kwip.domain.world.driving import SHARES, plan, sum_up
from kwip.embedded.children import ROLE, holder
from kwip.embedded.home_folder import HomeFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from config.settings import Settings
    from kwip.cli.traffic.drive import Crowd
    from kwip.domain.world.driving import Act, Answered, Driven

#: People who make requests, as many as `kwip world drive` takes.
PEOPLE = 5_000
OK = range(200, 400)
#: The share of good answers below which a round of a closed loop is worth nothing.
_GOOD = 0.99
_HOST = "127.0.0.1"
#: Requests that clients of a closed loop choose from.
_MANY = 20_000


@dataclass(frozen=True, slots=True)
class Step:
    """The answers to a load, their sum, and the CPU seconds of each part meanwhile."""

    driven: Driven
    answers: Sequence[Answered]
    cpu_s: Mapping[str, float]

    @property
    def p95_ms(self) -> float:
        """The 95th percentile; infinite if such a request got no good answer."""
        found = self.driven.p95_ms
        return float("inf") if found is None else found


class Driver:
    """Sends loads to a stack; each has other requests than before."""

    def __init__(self, settings: Settings, acting: Crowd):
        self._settings = settings
        self._home = HomeFolder(settings.home)
        self._acting = acting
        self._seed = 0

    def drive(
        self, rate: float, seconds: float, shares: Mapping[Act, float] = SHARES
    ) -> Step:
        """Send requests at their times, answered or not."""
        self._seed += 1
        planned = plan(rate, seconds, self._seed, shares)
        requests = [(each, self._acting.request(each)) for each in planned]
        before = cpu_s(self._home)
        loop = OpenLoop(_HOST, self._settings.port, lambda _: None)
        answers = loop.run(requests)
        used = {
            part: used_s - before.get(part, 0.0)
            for part, used_s in cpu_s(self._home).items()
        }
        driven = sum_up(rate, seconds, answers)
        print(
            f"{rate:>6.0f}/s: p95 {driven.p95_ms} ms,"
            f" {driven.in_time_per_s}/s in time, {dict(driven.statuses)}",
            file=sys.stderr,
        )
        return Step(driven, answers, used)

    def saturate(self, clients: int, seconds: float, port: int | None = None) -> float:
        """Let clients send one request after the other; return good answers a second.

        Raises:
            RuntimeError: One of a hundred answers was bad.
        """
        self._seed += 1
        planned = itertools.islice(plan(_MANY, 10.0, self._seed), _MANY)
        requests = itertools.cycle(
            [(each, self._acting.request(each)) for each in planned]
        )
        loop = OpenLoop(_HOST, port or self._settings.port, lambda _: None)
        answers: list[Answered] = []
        began = time.monotonic()

        async def client() -> None:
            while (now := time.monotonic()) < began + seconds:
                answers.append(await loop.answer(*next(requests), now))

        async def together() -> None:
            async with asyncio.TaskGroup() as group:
                for _ in range(clients):
                    group.create_task(client())
            loop.close()

        asyncio.run(together())
        took_s = time.monotonic() - began
        good = sum(answer.status in OK for answer in answers)
        statuses = dict(Counter(answer.status for answer in answers))
        print(f"{good / took_s:>6.1f}/s of {clients}: {statuses}", file=sys.stderr)
        if good < _GOOD * len(answers):
            raise RuntimeError(f"too many bad answers: {statuses}")
        return good / took_s


@contextmanager
def driver(environ: dict[str, str], people: int = PEOPLE) -> Iterator[Driver]:
    """Sign people in to a running stack; sign them out again at the end."""
    settings = load(environ)
    with connected(settings) as wiring:
        began = time.monotonic()
        with crowd(wiring, settings, people) as acting:
            took_s = time.monotonic() - began
            print(f"signed in in {took_s:.0f} s", file=sys.stderr)
            yield Driver(settings, acting)


def cpu_s(home: HomeFolder) -> dict[str, float]:
    """Return the CPU seconds that each part of a stack has used, and this process.

    Parts are the kinds of programs; of several MongoDB servers, each by its name.
    """
    used: dict[str, float] = defaultdict(float)
    own = resource.getrusage(resource.RUSAGE_SELF)
    used[CLIENT] = own.ru_utime + own.ru_stime
    for role, process in processes(home):
        part = role if role.startswith("mongod") else role.partition("-")[0]
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            used[part] += times.user + times.system
    return used


def processes(home: HomeFolder) -> Iterator[tuple[str, psutil.Process]]:
    """List the processes of a running home, each with the role that it belongs to.

    The first one of each role is its parent.
    """
    supervisor = psutil.Process(holder(home))
    yield "supervisor", supervisor
    for child in supervisor.children():
        with suppress(psutil.NoSuchProcess):
            # nginx writes its title over its environment.
            role = child.environ().get(ROLE, "nginx")
            for process in (child, *child.children(recursive=True)):
                yield role, process
