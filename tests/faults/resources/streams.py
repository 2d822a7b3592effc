"""A row about open pages: 10,000 of them wait, and one post reaches all."""

from __future__ import annotations

import asyncio
import resource
import statistics
import time
from dataclasses import dataclass, field
from urllib.request import urlopen

import psutil

STREAMS = 10_000
#: How many connect at once.
CONNECTING = 100
BETWEEN_S = 0.1
CONNECT_S, SETTLE_S, RECEIVE_S = 300.0, 90.0, 180.0
#: As many seconds without more requests that wait are a while.
STEADY = 6
_GAUGE = "kwip_long_polls"
_OTHER_FILES = 500


def streams(place, found):
    """All pages that are open get to know of a post."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    count = min(STREAMS, most - _OTHER_FILES)
    live = psutil.Process(place.pid_of("live"))
    before = live.memory_info().rss
    newest = place.ask("POST", "/api/v1/statuses", json={"status": "The newest"})
    pages = Pages(place.settings.live_port, newest.json()["id"], count)
    asyncio.run(_post_to_all(place, pages, live, found))
    waits = sorted(pages.received.values())
    found.figures |= {
        "pages": count,
        "received": len(waits),
        "memory MB": round((found.figures.pop("rss") - before) / 1e6),
        "median s": round(statistics.median(waits), 2) if waits else None,
        "last s": round(waits[-1], 2) if waits else None,
        "polls that ended without news": pages.empty,
    }
    found.expect(count == STREAMS, f"this machine allows {most} open files")
    found.expect(len(waits) == count, f"{count - len(waits)} got nothing")
    found.expect(not pages.failures, f"{pages.failures[:3]}")


async def _post_to_all(place, pages, live, found):
    everybody = [asyncio.create_task(pages.open(n)) for n in range(pages.count)]
    try:
        async with asyncio.timeout(CONNECT_S):
            await pages.all_wait.wait()
        found.proof["requests waiting"] = await asyncio.to_thread(_settled, place)
        found.figures["open files"] = live.num_fds()
        found.figures["rss"] = live.memory_info().rss
        pages.posted_at = time.monotonic()
        post = {"status": "One post for everybody"}
        await asyncio.to_thread(place.ask, "POST", "/api/v1/statuses", json=post)
        await asyncio.wait(everybody, timeout=RECEIVE_S)
    finally:
        for each in everybody:
            each.cancel()
        await asyncio.gather(*everybody, return_exceptions=True)


def _settled(place):
    """Return how many requests wait, once there are no more of them for a while."""
    counts, end = [0], time.monotonic() + SETTLE_S
    while time.monotonic() < end and len(counts) - counts.index(max(counts)) < STEADY:
        time.sleep(1.0)
        counts.append(_waiting(place))
    return counts[-1]


def _waiting(place):
    """Return how many requests wait, as the live process counts them."""
    address = f"http://127.0.0.1:{place.settings.metrics_port}/metrics"
    with urlopen(address, timeout=60) as answer:
        lines = answer.read().decode().splitlines()
    found = [line.split() for line in lines if line.startswith("kwip_long_polls")]
    return sum(int(float(x[-1])) for x in found if x[0].partition("{")[0] == _GAUGE)


@dataclass
class Pages:
    """Open pages of visitors, which ask again whenever there was no news."""

    port: int
    since_id: str
    count: int
    posted_at: float = 0.0
    #: How many wait, or did not get that far.
    settled: int = 0
    #: How long after the post each page knew of it.
    received: dict = field(default_factory=dict)
    empty: int = 0
    failures: list = field(default_factory=list)

    def __post_init__(self):
        self._turns = asyncio.Semaphore(CONNECTING)
        self.all_wait = asyncio.Event()

    async def open(self, number):
        """Wait until there is a new post."""
        try:
            async with self._turns:
                reader, writer = await self._connect()
            while await self._status(reader) == 204:
                self.empty += 1
                self._ask(writer)
            self.received[number] = time.monotonic() - self.posted_at
            writer.close()
        except (OSError, ValueError, EOFError) as error:
            self.failures.append(repr(error))

    async def _connect(self):
        """Connect and ask once."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            self._ask(writer)
            await writer.drain()
            await asyncio.sleep(BETWEEN_S)
        finally:
            self.settled += 1
            if self.settled == self.count:
                self.all_wait.set()
        return reader, writer

    def _ask(self, writer):
        path = f"/poll/public?since_id={self.since_id}"
        writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    @staticmethod
    async def _status(reader):
        head = await reader.readuntil(b"\r\n\r\n")
        status = int(head.split(maxsplit=2)[1])
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                await reader.readexactly(int(line.partition(b":")[2]))
        if status not in {200, 204}:
            raise ValueError(status)
        return status


ROWS = {"10,000 pages are open": streams}
