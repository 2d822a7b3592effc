"""Rebuild all homes while people write and read, and kill the rebuild twice.

Starts a stack of its own on loopback: `python -m bench.reindexing [USERS [SECONDS]]`.
First people write, follow, unfollow and read their homes for some seconds; then the
same goes on while `kwip reindex timelines --all` runs, which is killed twice and run
again. At the end, when everything is delivered, `kwip reindex verify` must find
nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

from bench.stacks import KWIP, ROOT, kwip, kwip_stack
from bench.worlds import HUGE_QUOTAS
from config.settings import load
from kwip.domain.accounts.users import READ, WRITE, Viewer
from kwip.embedded import endpoints
from kwip.wiring import build

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.domain.accounts.users import User
    from kwip.domain.ids import UserId
    from kwip.wiring import Wiring

USERS, FOLLOWS, POSTS = 1_100, 12, 1_000
BEFORE_S, KILLS = 20.0, 2
POSTS_PER_S, MOVES_PER_S, READS_PER_S = 50, 5, 20
WRITERS, MOVERS, READERS = 6, 2, 4
#: How many users have tokens: they write, follow and read.
LIVELY = 60
RESULT = Path(__file__).parent / "results" / "reindexing.json"


@dataclass
class Measured:
    """What was done in one phase, and how long homes took, in milliseconds."""

    posts: int = 0
    moves: int = 0
    homes_ms: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Load:
    """Users who write, follow, unfollow and read, each at its own pace."""

    def __init__(self, origin: str, people: list[User], tokens: dict[UserId, str]):
        self._origin = origin
        self._people = people
        self._tokens = tokens
        self._stop = threading.Event()
        self._phase = Measured()
        self._threads = [
            threading.Thread(target=self._run, args=(act, rate / count, number))
            for act, rate, count in (
                (self._write, POSTS_PER_S, WRITERS),
                (self._move, MOVES_PER_S, MOVERS),
                (self._read, READS_PER_S, READERS),
            )
            for number in range(count)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def begin_phase(self) -> Measured:
        """Start counting again; return what is counted in from now on."""
        self._phase = Measured()
        return self._phase

    def stop(self) -> None:
        """End the load."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(
        self, act: Callable[[random.Random], None], per_s: float, number: int
    ) -> None:
        chance = random.Random(number)  # noqa: S311 -- no secret
        due = time.monotonic() + chance.random() / per_s
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            due = max(due + 1 / per_s, time.monotonic() - 1.0)
            try:
                act(chance)
            except OSError as error:
                self._phase.failures.append(repr(error))

    def _write(self, chance: random.Random) -> None:
        user = chance.choice(self._people)
        body = {"status": f"Number {chance.random()}"}
        ask(f"{self._origin}/api/v1/statuses", self._tokens[user.id], body)
        self._phase.posts += 1

    def _move(self, chance: random.Random) -> None:
        one, two = chance.sample(self._people, 2)
        act = chance.choice(("follow", "unfollow"))
        url = f"{self._origin}/api/v1/accounts/{two.id}/{act}"
        ask(url, self._tokens[one.id], {})
        self._phase.moves += 1

    def _read(self, chance: random.Random) -> None:
        user = chance.choice(self._people)
        began = time.perf_counter()
        ask(f"{self._origin}/api/v1/timelines/home?limit=20", self._tokens[user.id])
        self._phase.homes_ms.append((time.perf_counter() - began) * 1_000)


def main(users: int, before_s: float) -> int:
    """Print and save what was measured; 1 if a home differed."""
    with tempfile.TemporaryDirectory(prefix="kwip-bench-") as folder:
        root = Path(folder)
        with kwip_stack(root / "home", HUGE_QUOTAS) as environ:
            load_world(environ, root, users)
            settings = load(environ)
            wiring = build(settings, endpoints(settings), role="cli")
            try:
                report = measure(wiring, environ, before_s)
            finally:
                wiring.close()
    print(json.dumps(report, indent=2))
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 -- a report, not a rule
    report = {"measured_at": now.isoformat(timespec="seconds"), **report}
    RESULT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return int(report["differences"] > 0)


def load_world(environ: dict[str, str], root: Path, users: int) -> None:
    """Load users who follow each other at random, and some posts."""
    chance = random.Random(1)  # noqa: S311 -- no secret
    edges = (
        f"{one}\t{two}"
        for one in range(users)
        for two in chance.sample(range(users), FOLLOWS)
    )
    graph, texts = root / "graph.txt", root / "texts.jsonl"
    graph.write_text("\n".join(edges) + "\n", encoding="utf-8")
    said = (json.dumps({"lang": "en", "text": f"Saying {n}"}) for n in range(500))
    texts.write_text("\n".join(said) + "\n", encoding="utf-8")
    kwip(environ, "world", "load", str(graph), str(texts), "--posts", str(POSTS))


def measure(wiring: Wiring, environ: dict[str, str], before_s: float) -> dict[str, Any]:
    """Load the site before and during a rebuild of all homes; then verify."""
    print("the world is loaded", file=sys.stderr)
    wiring.fence.await_lease(within_s=5.0)
    people = some_people(wiring)
    tokens = {user.id: token_of(wiring, user) for user in people}
    load = Load(f"http://127.0.0.1:{environ['KWIP_PORT']}", people, tokens)
    before = load.begin_phase()
    load.start()
    try:
        time.sleep(before_s)
        during, began = load.begin_phase(), time.monotonic()
        killed_at = rebuild(wiring, environ)
        took_s = time.monotonic() - began
    finally:
        load.stop()
    print(f"rebuilt in {took_s:.1f} s; delivering what is left", file=sys.stderr)
    wait_until_delivered(wiring)
    verdict = verify(environ)
    homes = wiring.stores.users.count()
    ratio = p95(during.homes_ms) / p95(before.homes_ms)
    return {
        "homes": homes,
        "killed_at": killed_at,
        "rebuild_s": round(took_s, 1),
        "before": figures_of(before, before_s),
        "during": figures_of(during, took_s),
        "home_p95_ratio": round(ratio, 2),
        "differences": len(verdict["differences"]),
        "verdict": {k: v for k, v in verdict.items() if k != "differences"},
    }


def some_people(wiring: Wiring) -> list[User]:
    """Draw who acts, always the same users."""
    batches = wiring.stores.users.iter_ids(batch=5_000)
    users = [u for ids in batches for u in wiring.stores.users.get_many(ids).values()]
    return random.Random(1).sample(users, LIVELY)  # noqa: S311 -- no secret


def rebuild(wiring: Wiring, environ: dict[str, str]) -> list[int]:
    """Rebuild all homes; kill it twice in the middle of a batch; return where that was.

    A killed run is started again and continues at its checkpoint.
    """
    killed_at = []
    for last in killing_points(wiring):
        process = start(environ)
        while rebuilt(wiring) < last:
            if process.poll() is not None:
                raise RuntimeError("it ended before it could be killed")
            time.sleep(0.02)
        time.sleep(0.3)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        killed_at.append(rebuilt(wiring))
    if start(environ).wait():
        raise RuntimeError("the rebuild failed")
    return killed_at


def killing_points(wiring: Wiring) -> Iterator[int]:
    """Return after how many homes it is killed: one third, then two thirds."""
    homes = wiring.stores.users.count()
    for number in range(1, KILLS + 1):
        yield min(homes * number // (KILLS + 1), number * 500)


def start(environ: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start one run."""
    command = [KWIP, "reindex", "timelines", "--all", "--json"]
    return subprocess.Popen(  # noqa: S603 -- our own command
        command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL
    )


def rebuilt(wiring: Wiring) -> int:
    """Return how many homes the latest checkpoint counts."""
    found = wiring.store.database["jobs"].find_one({"counts.rebuilt": {"$gt": 0}})
    return 0 if found is None else int(found["counts"]["rebuilt"])


def verify(environ: dict[str, str]) -> dict[str, Any]:
    """Compute from scratch what every home must store, and compare."""
    command = [KWIP, "reindex", "verify", "--all", "--json"]
    done = subprocess.run(  # noqa: S603 -- our own command; 1: something differs
        command, cwd=ROOT, env=environ, check=False, stdout=subprocess.PIPE
    )
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


def wait_until_delivered(wiring: Wiring) -> None:
    """Wait until no post and no edge is pending."""
    while wiring.outbox.pending_count() or wiring.edges.waiting_count():
        time.sleep(0.5)


def figures_of(measured: Measured, seconds: float) -> dict[str, Any]:
    """Return the figures of one phase."""
    return {
        "seconds": round(seconds, 1),
        "posts_per_s": round(measured.posts / seconds, 1),
        "moves_per_s": round(measured.moves / seconds, 1),
        "homes_read": len(measured.homes_ms),
        "home_median_ms": round(statistics.median(measured.homes_ms), 1),
        "home_p95_ms": round(p95(measured.homes_ms), 1),
        "failures": len(measured.failures),
    }


def token_of(wiring: Wiring, user: User) -> str:
    """Create a token for a user."""
    viewer = Viewer(id=user.id, username=user.username, digest="")
    scopes = frozenset({READ, WRITE})
    return wiring.services.authentication.create_token(viewer, "bench", scopes)[1]


def ask(url: str, token: str, body: dict[str, str] | None = None) -> None:
    """Call the API, and read the whole answer."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data=data, headers=headers)  # noqa: S310 -- our own server
    with urlopen(request, timeout=30) as answer:  # noqa: S310 -- our own server
        answer.read()


def p95(values: list[float]) -> float:
    """Return the 95th percentile."""
    return statistics.quantiles(values, n=20)[-1]


if __name__ == "__main__":
    chosen = [*sys.argv[1:], str(USERS), str(BEFORE_S)]
    sys.exit(main(int(chosen[0]), float(chosen[1])))
