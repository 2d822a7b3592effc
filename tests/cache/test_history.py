"""No read is older than the last acknowledged write, whatever happens to Redis.

Several processes write and read through the services and record a history, which is
then checked; each fault is shown to have happened, and the check to find what it is
for when one drop, or the fence, is taken out.
"""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from tests.cache.history import Crowd, Operation, violations
from tests.servers import wait_until

FREEZE_S = 2.0


def write(number, began, ended):
    return Operation("x", is_write=True, began=began, ended=ended, number=number)


def read(number, began, ended):
    return Operation("x", is_write=False, began=began, ended=ended, number=number)


def test_a_read_that_begins_after_an_acknowledgement_must_see_the_write():
    assert violations([write(1, 0, 10), read(0, 11, 12)])
    assert not violations([write(1, 0, 10), read(1, 11, 12)])


def test_a_read_beside_a_write_may_see_either():
    for number in (0, 1):
        assert not violations([write(1, 5, 10), read(number, 0, 7)])
        assert not violations([write(1, 5, 10), read(number, 7, 20)])


def test_a_read_of_what_nobody_has_written_is_found():
    assert violations([write(1, 5, 10), read(1, 0, 4)])
    assert violations([write(1, 5, 10), read(2, 20, 21)])


def test_a_write_that_ended_late_does_not_hide_an_earlier_one():
    history = [write(1, 0, 50), write(2, 0, 10), read(1, 60, 61)]

    assert violations(history)


@pytest.fixture
def valkey(private_valkey):
    return private_valkey()


@pytest.fixture
def crowd(settings, endpoints, valkey):
    crowd = Crowd(settings, replace(endpoints, redis_cache_uri=valkey.uri))
    yield crowd
    crowd.close()


def ask(valkey, *command):
    with redis.Redis.from_url(valkey.uri) as raw:
        return raw.execute_command(*command)


def let_pass(seconds):
    """Let a fault last; nothing is waited for."""
    threading.Event().wait(seconds)


def flush(valkey, crowd, _):
    for _ in range(5):
        wait_until(lambda: ask(valkey, "DBSIZE") > 0)
        ask(valkey, "FLUSHALL")
        crowd.go_on(crowd.readers, 10)


def kill(valkey, crowd, _):
    process = valkey._process
    valkey.kill()
    assert process.returncode == -9
    crowd.go_on(crowd.writers, 3)
    valkey.start()
    crowd.go_on(crowd.readers, 20)


def freeze(valkey, crowd, taken_out):
    """Stop Redis for 2 s while all go on; then only the readers do for a while."""
    began = time.monotonic()
    valkey.freeze()
    state = Path(f"/proc/{valkey._process.pid}/stat")
    wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T")
    crowd.go_on(crowd.writers, 4)
    crowd.stop(crowd.writers)
    let_pass(began + FREEZE_S - time.monotonic())
    assert state.read_text().rpartition(")")[2].split()[0] == "T"
    valkey.thaw()
    crowd.go_on(crowd.readers, 60)
    crowd.start(crowd.writers, taken_out)


def evict(valkey, crowd, _):
    with redis.Redis.from_url(valkey.uri) as raw:
        raw.config_set("maxmemory", raw.info("memory")["used_memory"] + 2_000_000)
        for storm in range(5):
            with raw.pipeline(transaction=False) as ballast:
                for number in range(400):
                    ballast.set(f"ballast:{storm}:{number}", b"x" * 5_000)
                ballast.execute()
            crowd.go_on(crowd.readers, 10)
        assert raw.info("stats")["evicted_keys"] > 1_000


def run(crowd, valkey, faults, taken_out="nothing"):
    """Let all act, through some faults, and collect what they recorded."""
    everybody = [*crowd.writers, *crowd.readers]
    crowd.start(everybody, taken_out)
    crowd.go_on(everybody, 30)
    for fault in faults:
        fault(valkey, crowd, taken_out)
    crowd.go_on(everybody, 30)
    crowd.stop(everybody)
    assert not crowd.failures


def test_no_read_is_older_than_the_last_acknowledged_write(crowd, valkey, mongodb):
    run(crowd, valkey, [flush, kill, freeze, evict])

    assert not violations(crowd.history)
    assert mongodb["cache_fence"].find_one()["epoch"] > 1, "no drop had failed"
    assert crowd.hits > len(crowd.history) / 4, "the cache was hardly used"


def until_found(crowd, valkey, faults, taken_out):
    """Run until a read was too old, which no single run promises; give the findings.

    A drop that reached a frozen Redis is done after the thaw, and what nobody had
    cached cannot be stale.
    """
    for _ in range(10):
        run(crowd, valkey, faults, taken_out)
        if found := violations(crowd.history):
            return found
    return []


@pytest.mark.long
def test_the_check_finds_one_unlink_taken_out(crowd, valkey):
    stale = until_found(crowd, valkey, [], "one unlink")

    assert stale
    assert all("post:" in each for each in stale), "only the edits were not dropped"


@pytest.mark.long
def test_the_check_finds_the_fence_taken_out(crowd, valkey):
    assert until_found(crowd, valkey, [freeze], "the fence")
