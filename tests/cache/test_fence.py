"""Drops: confirmed by Redis, or replaced by the fence before they return."""

from __future__ import annotations

import ast
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import redis

import kwip
from kwip.cache import keys
from kwip.cache.client import ClientTimes
from kwip.domain.errors import StoreUnavailableError
from kwip.services.coherence.cache_lease import FenceTimes, LeaseRenewer, Watch
from kwip.services.coherence.fence import Fence
from kwip.store.fence import FenceStore
from tests.servers import wait_until

KEY = keys.post(1)
#: What a busy machine may add to a promise.
SLACK_S = 0.05


class Cache:
    """A cache that confirms drops, or not."""

    def __init__(self):
        self.confirms = True
        self.invalidation = []

    def invalidate_confirmed(self, deployment, invalidated):
        self.invalidation.append((deployment, invalidated))
        return self.confirms


class Process:
    """One process whose clock and looks are moved by hand."""

    def __init__(self, mongodb, clock):
        self.cache = Cache()
        self.store = FenceStore(mongodb)
        self.slept = []
        renewer = LeaseRenewer(
            connect=lambda: self.store,
            objects=self.cache,
            times=FenceTimes(),
            clock=lambda: clock[0],
        )
        self.watch = Watch(renewer)
        lease_renewer = SimpleNamespace(
            watch=self.watch,
            objects=renewer.objects,
            times=renewer.times,
            clock=renewer.clock,
        )
        self.fence = Fence(self.store, lease_renewer, sleep=self._sleep)
        self._clock = clock

    def look(self):
        self.watch._look(self.store)

    def _sleep(self, seconds):
        self.slept.append(seconds)
        self._clock[0] += seconds


@pytest.fixture(autouse=True)
def nothing_lags():
    """Let lag what may."""


@pytest.fixture
def clock():
    return [1_000.0]


@pytest.fixture
def process(mongodb, clock):
    """Return a function that makes a process which holds a lease."""

    def make():
        made = Process(mongodb, clock)
        made.store.ensure("here")
        made.look()
        return made

    return make


def test_a_confirmed_invalidation_does_nothing_else(process):
    one = process()

    one.fence.invalidate([KEY, keys.home(2), KEY])

    assert one.cache.invalidation == [("here", (KEY, keys.home(2)))]
    assert one.store.read().epoch == 1
    assert not one.slept


def test_no_keys_cost_nothing(process):
    one = process()

    one.fence.invalidate([])

    assert not one.cache.invalidation


def test_an_invalidation_that_is_not_confirmed_raises_the_fence_and_outwaits_leases(
    process,
):
    one = process()
    one.cache.confirms = False

    one.fence.invalidate([KEY])

    state = one.store.read()
    assert (state.epoch, state.suspended, state.owner) == (2, True, one.watch.name)
    assert one.slept == pytest.approx([2.4])
    assert one.watch.lease() is None


def test_an_invalidation_that_neither_cache_nor_fence_takes_is_not_acknowledged(
    process,
):
    one = process()
    one.cache.confirms = False

    def fail(_):
        raise StoreUnavailableError

    one.store.suspend = fail

    with pytest.raises(StoreUnavailableError):
        one.fence.invalidate([KEY])


def test_what_may_lag_is_invalidated_without_the_fence(process):
    one = process()
    one.cache.confirms = False

    one.fence.invalidate([keys.counted(KEY), keys.arriving(keys.public())])

    assert one.store.read().epoch == 1
    assert not one.slept
    assert one.watch.lease()


def test_one_key_that_must_not_lag_raises_the_fence_for_all(process):
    one = process()
    one.cache.confirms = False

    one.fence.invalidate([keys.counted(KEY), keys.home(2)])

    assert one.store.read().suspended
    assert one.slept == pytest.approx([2.4])


def test_a_key_that_may_lag_and_must_not_is_invalidated_at_once(process):
    one = process()

    one.fence.invalidate([keys.counted(KEY), KEY])

    assert one.cache.invalidation == [("here", (KEY,))]


def test_while_suspended_what_may_lag_waits_for_nothing(process, clock):
    one = process()
    one.store.suspend("other")
    one.look()

    one.fence.invalidate([keys.counted(KEY)])

    assert not one.cache.invalidation
    assert not one.slept


def test_while_suspended_no_invalidations_are_sent_but_the_rest_is_waited_out(
    process, clock
):
    one = process()
    one.store.suspend("other")
    one.look()
    clock[0] += 1.0

    one.fence.invalidate([KEY])

    assert not one.cache.invalidation
    assert one.slept == pytest.approx([1.4])


def test_a_write_of_a_known_outage_waits_for_one_look_only(process, clock):
    one = process()
    one.store.suspend("other")
    one.look()
    clock[0] += 2.4

    one.fence.invalidate([KEY])

    assert not one.cache.invalidation
    assert not one.slept


def test_what_the_lease_renewer_saw_before_the_commit_is_only_a_hint(process):
    one = process()
    one.store.suspend("other")
    one.look()
    one.store.resume(one.store.read())

    one.fence.invalidate([KEY])

    assert one.cache.invalidation, "the cache had been resumed meanwhile"


def test_a_suspension_that_the_lease_renewer_has_not_seen_is_not_raised_again(process):
    one = process()
    one.cache.confirms = False
    first = one.store.suspend("other")

    one.fence.invalidate([KEY])

    assert one.store.read() == first
    assert one.slept == pytest.approx([2.4])


def test_a_new_suspension_is_waited_out_anew(process, clock):
    one = process()
    one.store.suspend("other")
    one.look()
    one.store.resume(one.store.read())
    clock[0] += 10
    one.store.suspend("other")

    one.fence.invalidate([KEY])

    assert one.slept == pytest.approx([2.4])


def test_a_process_that_never_looked_looks_first(mongodb, clock):
    one = Process(mongodb, clock)

    one.fence.invalidate([KEY])

    state = one.store.read()
    assert one.cache.invalidation == [(state.deployment, (KEY,))]


def test_only_the_fence_invalidates_keys():
    callers = set()
    for path in Path(kwip.__file__).parent.rglob("*.py"):
        for part in ast.walk(ast.parse(path.read_text())):
            if isinstance(part, ast.Attribute) and part.attr == "invalidate_confirmed":
                callers.add(path.relative_to(Path(kwip.__file__).parent).as_posix())

    assert callers == {"services/coherence/fence.py"}


@pytest.fixture
def valkey(private_valkey):
    return private_valkey()


@pytest.fixture
def real(node, valkey):
    """Return a process with the real times on a Valkey of its own."""
    made = node(valkey.uri, FenceTimes(), ClientTimes())
    assert made.fence.await_lease(30)
    return made


def timed(call):
    began = time.monotonic()
    result = call()
    return result, time.monotonic() - began


@pytest.mark.alone
def test_promise_an_outage_costs_a_read_250_ms_and_its_first_write_3500(real, valkey):
    real.write(1, "before")
    assert real.read(1).text == "before"
    valkey.freeze()

    found, read_s = timed(lambda: real.read(1))
    _, first_s = timed(lambda: real.write(1, "first"))
    later = [timed(lambda: real.write(1, "later"))[1] for _ in range(5)]
    reads = [timed(lambda: real.read(1))[1] for _ in range(5)]
    plain = [timed(lambda: real.notes.write(2, "plain"))[1] for _ in range(5)]

    assert found.text == "before"
    assert 0.2 <= read_s < 0.25 + SLACK_S
    assert 2.4 <= first_s < 3.5
    assert min(later) - min(plain) < 0.05
    assert min(reads) < 0.05
    assert real.read(1).text == "later"
    valkey.thaw()
    wait_until(lambda: real.fence.lease() is not None, within_s=5)
    assert real.read(1).text == "later"
    assert real.fence.lease().epoch == 2


@pytest.fixture
def tenth(node, valkey):
    made = node(valkey.uri)
    assert made.fence.await_lease(30)
    return made


def test_a_dead_redis_fences_the_first_write_too(tenth, valkey):
    tenth.write(1, "before")
    assert tenth.read(1).text == "before"
    valkey.kill()

    _, seconds = timed(lambda: tenth.write(1, "after"))

    assert seconds >= tenth.times.wait_s
    assert tenth.store.read().epoch == 2
    assert tenth.read(1).text == "after"


def test_a_redis_that_was_down_between_two_writes_fences_nothing(tenth, valkey):
    tenth.write(1, "before")
    valkey.kill()
    valkey.start()

    tenth.write(1, "after")

    assert tenth.store.read().epoch == 1
    assert tenth.read(1).text == "after"


def test_a_redis_that_refuses_is_fenced(tenth, valkey):
    tenth.write(1, "before")
    assert tenth.read(1).text == "before"
    with redis.Redis.from_url(valkey.uri) as raw:
        raw.replicaof("127.0.0.1", "1")
        raw.config_set("replica-serve-stale-data", "yes")

        tenth.write(1, "after")

        assert tenth.store.read().epoch == 2
        assert tenth.read(1).text == "after"


def test_reads_go_on_without_the_cache(tenth, valkey):
    tenth.write(1, "before")
    valkey.kill()
    tenth.write(1, "after")

    assert [tenth.read(1).text for _ in range(20)] == ["after"] * 20


def test_what_was_cached_before_an_outage_is_not_read_after_it(tenth, node):
    tenth.write(1, "before")
    name = keys.full(tenth.store.read().deployment, KEY)

    def cached():
        assert tenth.read(1)
        return tenth.client.insist("HGET", name, "f:doc", fresh=True) or b""

    wait_until(lambda: b":before" in cached())
    cut_off = node("redis://127.0.0.1:1/0")
    cut_off.write(1, "after")
    assert tenth.read(1).text == "after"
    assert b":before" in cached(), "it is still there"

    cut_off.lease_renewer.stop()  # so that who reaches Redis takes over
    wait_until(lambda: not tenth.store.read().suspended)

    assert tenth.read(1).text == "after"
    wait_until(lambda: b":after" in cached())
