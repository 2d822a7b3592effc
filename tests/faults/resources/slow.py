"""Rows about requests that cost a server much: slow ones, and harmful bodies."""

from __future__ import annotations

import asyncio
import dataclasses
import http.client
import threading
import time
from contextlib import contextmanager, suppress

from tests.edge.nginx import in_front
from tests.ops.harm import memory_of_web, send_harmful
from tests.ops.stack import free_port
from tests.servers import debian_program

SLOW, SLOW_AT_GUNICORN = 2_000, 200
#: How many slow clients have the same address; nginx allows 200.
PER_ADDRESS = 100
OPENING_S, MEASURE_S, PAUSE_S = 5.0, 8.0, 0.05
P95_S = 0.1
MEMORY_BYTES = 50 * 2**20
_PATH = "/api/v1/timelines/public"


def slowloris(place, found):
    """2,000 slow connections at nginx leave others as fast as before."""
    port = free_port()
    nginx, settings = debian_program("nginx"), _behind_nginx(place.settings)
    with in_front(nginx, settings, port, place.folder / "nginx"):
        usual = _measure(port)
        with SlowClients(port, SLOW) as slow:
            behind = _measure(port)
            found.proof["slow connections"] = slow.open
    with SlowClients(place.port, SLOW_AT_GUNICORN) as slow:
        bare = _measure(place.port)
        found.figures["slow connections at gunicorn"] = slow.open
    found.figures |= {
        "p95 before ms": round(usual.p95 * 1_000),
        "requests behind nginx": behind.asked,
        "p95 behind nginx ms": round(behind.p95 * 1_000),
        "ratio": round(behind.p95 / usual.p95, 2),
        "p95 without nginx ms": round(bare.p95 * 1_000),
        "failed without nginx": f"{len(bare.failures)} of {bare.asked}",
    }
    found.expect(behind.p95 < P95_S, f"p95 {behind.p95:.3f} s behind nginx")
    found.expect(not behind.failures, f"behind nginx: {behind.failures}")
    is_blocked = bare.failures or bare.p95 > 10 * P95_S
    found.control["gunicorn without nginx is blocked"] = int(bool(is_blocked))


def _behind_nginx(settings):
    return dataclasses.replace(settings, trusted_proxies=1, live_origin="same")


class _Measured:
    """How long requests took, one after the other; those that fail take longest."""

    def __init__(self):
        self.waits, self.failures, self.asked = [], [], 0

    def ask(self, port):
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", _PATH)
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.HTTPStatus.OK:
                self.failures.append(answer.status)
        except (OSError, http.client.HTTPException) as error:
            self.failures.append(repr(error))
        finally:
            connection.close()
        self.asked += 1
        self.waits.append(time.monotonic() - began)

    @property
    def p95(self):
        return sorted(self.waits)[int(len(self.waits) * 0.95)]


def _measure(port):
    measured, end = _Measured(), time.monotonic() + MEASURE_S
    while time.monotonic() < end:
        measured.ask(port)
        time.sleep(PAUSE_S)
    return measured


class SlowClients:
    """Connections that send a byte a second, or read as slowly, while a block runs.

    One in three sends its headers, one its body, and one reads its answer like that.
    Those that the server closes are opened again. What is read is in nginx's cache, so
    that no server has to work for it.
    """

    EVERY_S = 1.0
    _KINDS = (
        b"GET / HTTP/1.1\r\nHost: kwip\r\nX-Slow: ",
        b"POST /login HTTP/1.1\r\nHost: kwip\r\nContent-Length: 9000\r\n\r\n",
        b"GET /api/widgets/v1/public?limit=40 HTTP/1.1\r\nHost: kwip\r\n\r\n",
    )

    def __init__(self, port, count):
        self._port, self._count = port, count
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.open = 0

    def __enter__(self):
        self._thread.start()
        end = time.monotonic() + 60
        while self.open < self._count * 0.95 and time.monotonic() < end:
            time.sleep(0.1)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._everybody.cancel)
        self._thread.join(30)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._everybody = self._loop.create_task(self._all())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._everybody)
        self._loop.close()

    async def _all(self):
        async with asyncio.TaskGroup() as everybody:  # waits for those it cancels
            for number in range(self._count):
                everybody.create_task(self._slow(number))

    async def _slow(self, number):
        address = f"127.0.1.{number // PER_ADDRESS + 1}"
        await asyncio.sleep(number / self._count * OPENING_S)
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self._port, local_addr=(address, 0), limit=1_024
                )
                with self._counted():
                    await self._drip(number % 3, reader, writer)
            await asyncio.sleep(0.1)

    @contextmanager
    def _counted(self):
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    async def _drip(self, kind, reader, writer):
        try:
            writer.write(self._KINDS[kind])
            while not reader.at_eof():
                await asyncio.sleep(self.EVERY_S)
                if kind == 2:
                    with suppress(asyncio.TimeoutError):
                        await asyncio.wait_for(reader.read(1), 0.01)
                else:
                    writer.write(b"x")
                    await writer.drain()
        finally:
            writer.close()


def bodies(place, found):
    """Harmful bodies are refused, cost no memory, and delay nobody."""
    before = memory_of_web(place)
    usual = _measure(place.port)
    others, is_over = _Measured(), threading.Event()

    def ask():
        while not is_over.wait(PAUSE_S):
            others.ask(place.port)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        statuses = send_harmful(place.settings.origin, place.people[0].token)
    finally:
        is_over.set()
        thread.join()
    after = memory_of_web(place)
    grown = max(after.get(pid, 0) - before[pid] for pid in before)
    odd = {k: status for k, status in statuses.items() if status // 100 != 4}
    found.proof["harmful bodies"] = len(statuses)
    found.figures |= {
        "memory MB": round(grown / 2**20, 1),
        "p95 before ms": round(usual.p95 * 1_000),
        "p95 of others ms": round(others.p95 * 1_000),
    }
    found.expect(not odd, f"answers: {odd}")
    found.expect(before.keys() == after.keys(), "a process has ended")
    found.expect(grown < MEMORY_BYTES, f"{grown / 2**20:.0f} MB more memory")
    found.expect(others.p95 < P95_S, f"p95 of others {others.p95:.3f} s")
    found.expect(not others.failures, f"others: {others.failures}")


ROWS = {"2,000 slow connections": slowloris, "harmful bodies": bodies}
