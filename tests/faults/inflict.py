"""What is done to the cache while all go on, and how it is known to have happened.

Each fault is a function of the server that is mistreated and of a `wait` that returns
True when it is time to end; it gives the proof, as counts.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import redis
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from tests.faults.proxy import Proxy
    from tests.servers import PrivateValkey


class Cache(NamedTuple):
    """The cache's server, and the proxy in front of it."""

    valkey: PrivateValkey
    proxy: Proxy

    def ask(self, *command):
        with redis.Redis.from_url(self.valkey.uri, socket_timeout=1) as raw:
            return raw.execute_command(*command)


def flush(cache, wait):
    """Empty it again and again."""
    emptied = 0
    while not wait(0.25):
        emptied += cache.ask("DBSIZE")
        cache.ask("FLUSHALL")
    return {"keys flushed": emptied}


def kill(cache, wait):
    """End it as `kill -9` does, and start it again after a while."""
    runs = {_run_id(cache)}
    while not wait(1.5):
        cache.valkey.kill()
        wait(0.7)
        cache.valkey.start()
        runs.add(_run_id(cache))
    return {"restarts": len(runs) - 1}


def stop(cache, wait):
    """Stop it for longer than anybody waits, and let it go on."""
    stalls, stalled_s = 0, 0.0
    state = Path(f"/proc/{cache.valkey._process.pid}/stat")
    while not wait(1.5):
        began = time.monotonic()
        cache.valkey.freeze()
        wait(1.5)
        try:
            cache.ask("PING")
        except RedisError:  # it takes connections and answers nothing
            stalls += state.read_text().rpartition(")")[2].split()[0] == "T"
        cache.valkey.thaw()
        stalled_s += time.monotonic() - began
    return {"stalls": stalls, "seconds stalled": round(stalled_s, 1)}


def evict(cache, wait):
    """Let it have so little memory that it throws away what it holds."""
    with redis.Redis.from_url(cache.valkey.uri) as raw:
        raw.config_set("maxmemory-policy", "allkeys-random")
        raw.config_set("maxmemory", raw.info("memory")["used_memory"] + 2_000_000)
        storm = 0
        while not wait(0.1):
            storm += 1
            with raw.pipeline(transaction=False) as ballast:
                for number in range(400):
                    ballast.set(f"ballast:{storm}:{number}", b"x" * 5_000)
                ballast.execute(raise_on_error=False)
        return {"keys evicted": raw.info("stats")["evicted_keys"]}


def delay(cache, wait):
    """Hold some replies back, some for longer than anybody waits."""
    return _through_proxy(cache, wait, "delay")


def lose_replies(cache, wait):
    """Do what is asked, and lose the reply with the connection."""
    return _through_proxy(cache, wait, "lose")


def lose_requests(cache, wait):
    """Lose what is asked, so that an invalidation does not happen."""
    return _through_proxy(cache, wait, "deaf")


def nothing(_, wait):
    """Let all go on as it should."""
    wait(3600)
    return {"faults": 0}


FAULTS = {
    "none": nothing,
    "flushall": flush,
    "kill": kill,
    "stop": stop,
    "evict": evict,
    "delay": delay,
    "lose replies": lose_replies,
    "lose requests": lose_requests,
}


def _through_proxy(cache, wait, mode):
    """Have the fault for a while, and then none, in turn."""
    while not wait(1.0):
        cache.proxy.mode = mode
        wait(2.0)
        cache.proxy.mode = "pass"
    cache.proxy.mode = "pass"
    return dict(cache.proxy.counts)


def _run_id(cache):
    with redis.Redis.from_url(cache.valkey.uri) as raw:
        return raw.info("server")["run_id"]
