"""Rows about the three Redis servers: what people notice when one of them fails."""

from __future__ import annotations

import contextlib
import os
import signal
import statistics
import time
from functools import partial

import psutil
import redis
from redis.exceptions import RedisError

from tests.faults.resources.jobs import LANE
from tests.faults.resources.place import failed_reads, people_act
from tests.servers import wait_until

LONG_S = 8.0
#: When every process has noticed that a server is away, and no longer waits for it.
NOTICED_S = 4.0
#: How much later a read may be, the first write of an outage, and later ones.
READ_S, FIRST_WRITE_S, WRITE_S = 0.25, 3.5, 0.05
_PROBE = "kw:probe"


class Supervised:
    """A server of the stack, which its supervisor starts again."""

    def __init__(self, place, role, uri):
        self._place, self._role, self.uri = place, role, uri

    @property
    def _process(self):
        return psutil.Process(self._place.pid_of(self._role))

    def kill(self):
        self._process.kill()

    def start(self):
        """Wait until it was started again."""
        wait_until(partial(_answers, self.uri))

    def freeze(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self):
        os.kill(self._process.pid, signal.SIGCONT)


def _answers(uri):
    with redis.Redis.from_url(uri, socket_timeout=0.2) as server:
        try:
            return server.ping()
        except RedisError:
            return False


def servers_of(place):
    """Return what can be mistreated, by role."""
    to = place.endpoints
    return {
        "cache": Supervised(place, "valkey-cache", to.redis_cache_uri),
        "queue": Supervised(place, "valkey-queue", to.redis_queue_uri),
        "realtime": place.realtime,
    }


def flush(server):
    """Empty it again and again."""
    emptied, wait = 0, _for(LONG_S)
    with redis.Redis.from_url(server.uri) as raw:
        while not wait(0.25):
            raw.set(_PROBE, 1)
            emptied += raw.dbsize()
            raw.flushall()
    return {"keys flushed": emptied}


def kill(server):
    """Kill it, and have it started again."""
    before = _run_id(server)
    server.kill()
    server.start()
    time.sleep(LONG_S)
    return {"restarts": int(_run_id(server) != before)}


def _run_id(server):
    with redis.Redis.from_url(server.uri) as raw:
        return raw.info("server")["run_id"]


def stop(server):
    """Stop it: it takes connections and answers nothing."""
    server.freeze()
    try:
        time.sleep(LONG_S)
        stopped = int(not _answers(server.uri))
    finally:
        server.thaw()
    return {"stops": stopped}


def refuse(server):
    """Leave it no memory: a cache throws away what it has, others refuse writes."""
    with redis.Redis.from_url(server.uri) as raw:
        before = raw.config_get("maxmemory")["maxmemory"]
        raw.config_set("maxmemory", 1)
        refused, end = 0, time.monotonic() + LONG_S
        try:
            while time.monotonic() < end:
                try:
                    raw.set(_PROBE, 1)
                except RedisError:
                    refused += 1
                time.sleep(0.5)
        finally:
            raw.config_set("maxmemory", before)
    return {"writes refused": refused}


FAULTS = {
    "FLUSHALL of": flush,
    "kill -9 of": kill,
    "SIGSTOP of": stop,
    "no memory for": refuse,
}


def _for(seconds):
    """Give a wait that returns whether some seconds have passed."""
    end = time.monotonic() + seconds

    def wait(at_most_s):
        time.sleep(max(0.0, min(at_most_s, end - time.monotonic())))
        return time.monotonic() >= end

    return wait


def lose_jobs(place, found):
    """Every post is delivered although its job was lost."""
    worker = psutil.Process(place.pid_of("worker"))
    with people_act(place, found):
        worker.suspend()
        try:
            time.sleep(2.0)
            with redis.Redis.from_url(place.endpoints.redis_queue_uri) as queue:
                found.proof["jobs lost"] = queue.llen(LANE)
                queue.flushall()
        finally:
            worker.resume()


def _row(role, fault, place, found):
    server = servers_of(place)[role]
    with people_act(place, found) as load:
        began = time.monotonic()
        found.proof |= FAULTS[fault](server)
        ended = time.monotonic()
    _waits(found, load.seen, began, ended)
    found.expect(not failed_reads(found), "reads failed")
    found.expect(found.figures["failed writes"].startswith("0 "), "writes failed")
    with contextlib.suppress(RedisError):
        wait_until(partial(_answers, server.uri))


def _waits(found, seen, began, ended):
    """Compare how long people waited during the fault with before."""
    reads = [t for kind, each in seen.tries.items() if kind != "post" for t in each]
    before = max(t.took_s for t in reads if t.began < began)
    during = max(t.took_s for t in reads if began <= t.began < ended)
    usual = statistics.median(t.took_s for t in seen.waits if t.began < began)
    first = max(t.took_s for t in seen.waits if began <= t.began < began + NOTICED_S)
    later = statistics.median(
        t.took_s for t in seen.waits if began + NOTICED_S <= t.began < ended
    )
    found.figures |= {
        "reads later by s": round(max(0.0, during - before), 3),
        "longest of the first writes s": round(first, 3),
        "later writes later by s": round(max(0.0, later - usual), 3),
    }
    found.expect(during - before <= READ_S, f"a read took {during:.2f} s")
    found.expect(first <= FIRST_WRITE_S, f"the first write took {first:.2f} s")
    found.expect(later - usual <= WRITE_S, f"writes took {later:.2f} s")


def _act(role, fault):
    act = partial(_row, role, fault)
    act.__doc__ = "No read fails or is late, no job is lost, and writes soon go on."
    return act


ROWS = {
    f"{fault} the {role}": _act(role, fault)
    for role in ("cache", "queue", "realtime")
    for fault in FAULTS
}
ROWS |= {"FLUSHALL of the queue": lose_jobs}
