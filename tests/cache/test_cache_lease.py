"""The lease and the fence, on a real MongoDB and a Valkey that may be killed."""

from __future__ import annotations

import os
from dataclasses import replace

import pymongo
import pytest
import redis
from pymongo.monitoring import CommandListener

from kwip import loops, telemetry
from kwip.cache.entity_cache import CacheLease
from kwip.domain.errors import StoreUnavailableError
from kwip.services.coherence.cache_lease import (
    FenceTimes,
    LeaseRenewer,
    Watch,
)
from kwip.store.fence import FenceState, FenceStore, connect_fence
from tests.servers import wait_until


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


class Probed:
    """A cache of which only the probes matter."""

    def __init__(self):
        self.works = True
        self.probes = 0

    def probe(self, *_):
        self.probes += 1
        return self.works


@pytest.fixture
def fences(mongodb):
    store = FenceStore(mongodb)
    store.ensure("here")
    return store


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def watch(clock, fences):
    """Return a function that makes a process's watch, moved by hand."""

    def make(objects=None):
        renewer = LeaseRenewer(
            connect=lambda: fences,
            objects=objects or Probed(),
            times=FenceTimes(),
            clock=clock,
        )
        return Watch(renewer)

    return make


def test_a_fence_is_made_once(mongodb):
    store = FenceStore(mongodb)
    assert store.read() is None

    made = store.ensure("first")

    assert made == FenceState("first", 1, suspended=False, owner=None, beat=0)
    assert store.ensure("second") == made == store.read()


def test_a_suspension_raises_the_epoch_and_names_its_owner(fences):
    raised = fences.suspend("me")

    assert raised == FenceState("here", 2, suspended=True, owner="me", beat=1)
    assert fences.read() == raised


def test_a_second_suspension_changes_nothing(fences):
    first = fences.suspend("me")

    assert fences.suspend("other") == first


def test_every_suspension_after_a_resume_has_a_new_epoch(fences):
    first = fences.suspend("me")
    assert fences.resume(first)

    assert fences.suspend("me").epoch == first.epoch + 1


def test_only_the_owner_resumes_and_only_its_own_epoch(fences):
    state = fences.suspend("me")

    assert not fences.resume(replace(state, owner="other"))
    assert not fences.resume(replace(state, epoch=state.epoch - 1))
    assert fences.read().suspended
    assert fences.resume(state)
    assert fences.read() == replace(state, suspended=False, owner=None)


def test_nobody_takes_over_while_the_beat_moves(fences):
    seen = fences.suspend("me")
    fences.beat(seen)

    fences.take_over(seen, "other")

    assert fences.read().owner == "me"


def test_a_taken_over_fence_ignores_its_old_owner(fences):
    seen = fences.suspend("me")
    fences.take_over(seen, "other")
    fences.beat(seen)

    taken = fences.read()

    assert (taken.owner, taken.beat) == ("other", seen.beat + 1)
    assert not fences.resume(seen)


def test_a_fence_that_cannot_be_reached_is_an_unavailable_store(endpoints):
    store = connect_fence(endpoints.mongodb_uri, endpoints.database, timeout_ms=800)
    store._database.client.end()
    state = FenceState("here", 1, suspended=True, owner="me", beat=0)

    for call in (
        store.read,
        lambda: store.ensure("here"),
        lambda: store.suspend("me"),
        lambda: store.beat(state),
        lambda: store.take_over(state, "other"),
        lambda: store.resume(state),
    ):
        with pytest.raises(StoreUnavailableError):
            call()


def test_a_lease_renewer_has_one_connection_of_its_own(endpoints):
    store = connect_fence(endpoints.mongodb_uri, endpoints.database, timeout_ms=800)

    options = store._database.client.options

    assert options.pool_options.max_pool_size == 1
    assert options.timeout == 0.8
    store.close()


class ReadConcerns(CommandListener):
    def __init__(self):
        self.levels = []

    def started(self, event):
        if event.command_name == "find":
            self.levels.append(event.command["readConcern"]["level"])

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


@pytest.mark.parametrize(
    ("has_peers", "level"), [(False, "majority"), (True, "linearizable")]
)
def test_in_a_set_of_several_nodes_the_fence_is_read_linearizable(
    endpoints, monkeypatch, has_peers, level
):
    heard = ReadConcerns()
    with pymongo.MongoClient(endpoints.mongodb_uri, event_listeners=[heard]) as client:
        store = FenceStore(client[endpoints.database])
        made = store.ensure("here")
        assert not store._has_peers(), "the tests' set has one node"
        monkeypatch.setattr(store, "_has_peers", lambda: has_peers)
        heard.levels.clear()

        assert store.read() == made
        assert heard.levels == [level]


def test_a_lease_runs_from_the_start_of_the_look(watch, fences, clock):
    one = watch()
    read = fences.read

    def slow_read():
        clock.now += 0.7
        return read()

    fences.read = slow_read
    one._look(fences)
    assert one.lease() == CacheLease("here", 1)

    clock.now += 1.29
    assert one.lease() == CacheLease("here", 1)
    clock.now += 0.02
    assert one.lease() is None


def test_a_lease_runs_out_when_mongodb_does_not_answer(watch, fences, clock):
    one = watch()
    one._look(fences)

    def fail():
        raise StoreUnavailableError

    fences.read = fail
    for _ in range(4):
        clock.now += 0.5
        one._look(fences)

    assert one.lease() is None


def test_public_pages_keep_the_last_lease_for_30_s_without_mongodb(
    watch, fences, clock
):
    one = watch()
    one._look(fences)
    lease, read = one.lease(), fences.read

    def fail():
        raise StoreUnavailableError

    fences.read = fail
    clock.now += 2.1
    assert one.outage_lease() is None, "it has not looked yet"
    one._look(fences)
    assert one.outage_lease() == lease
    clock.now += 29.8
    assert one.outage_lease() == lease
    clock.now += 0.2
    assert one.outage_lease() is None

    fences.read = read
    fences.suspend("other")
    one._look(fences)
    fences.read = fail
    one._look(fences)

    assert one.outage_lease() is None, "a suspended cache may be older than 30 s"


def test_time_without_a_lease_is_counted_though_the_loop_is_stuck(watch, fences, clock):
    def counted():
        return telemetry.CACHE_WITHOUT_LEASE._value.get() - before

    one = watch()
    one._look(fences)
    before = telemetry.CACHE_WITHOUT_LEASE._value.get()
    clock.now += 1.5
    assert one.lease()
    assert counted() == 0

    clock.now += 2.5
    assert one.lease() is None
    assert counted() == pytest.approx(2.0)
    clock.now += 1
    assert one.lease() is None
    one._look(fences)

    assert counted() == pytest.approx(3.0)


def test_a_lease_says_whether_the_invalidator_goes_on(watch, fences):
    one = watch()
    one._look(fences)
    assert not one.lease().is_streamed

    fences.beat_stream()
    one._look(fences)

    assert one.lease() == CacheLease("here", 1, is_streamed=True)


def test_what_was_cached_ends_when_the_invalidator_has_been_silent_for_long(
    watch, fences, clock
):
    one, other = watch(), watch()
    fences.beat_stream()
    for each in (one, other):
        each._look(fences)
    for seconds in (29.0, 29.0):
        clock.now += seconds
        fences.beat_stream()
        one._look(fences)
    assert one.lease() == CacheLease("here", 1, is_streamed=True)

    clock.now += 31.0
    for each in (one, other, one, other):  # the other has seen it move by then
        each._look(fences)

    assert one.lease() == other.lease() == CacheLease("here", 2, is_streamed=False)
    assert not fences.read().suspended


def test_an_invalidator_that_never_was_ends_nothing(watch, fences, clock):
    one = watch()
    for _ in range(3):
        one._look(fences)
        clock.now += 31.0
    one._look(fences)

    assert one.lease() == CacheLease("here", 1)


def test_looks_come_every_900_ms_whatever_they_take(watch, fences, clock):
    one = watch()
    read = fences.read

    def slow_read():
        clock.now += 0.2
        return read()

    fences.read = slow_read

    assert one._look(fences) == pytest.approx(0.7)


def test_a_suspended_cache_gives_no_lease_and_ends_the_one_held(watch, fences):
    one = watch()
    one._look(fences)
    assert one.lease()

    fences.suspend("other")
    one._look(fences)

    assert one.lease() is None


def test_a_look_that_began_before_a_suspension_gives_no_lease_after_it(watch, fences):
    one = watch()
    old = fences.read()
    new = fences.suspend("other")

    one.saw(new)
    fences.read = lambda: old
    one._look(fences)

    assert one.lease() is None


def test_a_suspension_is_known_since_it_was_first_seen(watch, fences, clock):
    one = watch()
    first = one.saw(fences.suspend("other"))
    clock.now += 5
    fences.beat(fences.read())

    again = one.saw(fences.read())

    assert again.known_at == first.known_at
    assert again.state.beat == first.state.beat + 1


def test_another_suspension_is_known_anew(watch, fences, clock):
    one = watch()
    state = fences.suspend("other")
    one.saw(state)
    fences.resume(state)
    clock.now += 5

    again = one.saw(fences.suspend("other"))

    assert again.known_at == clock.now


def test_the_owner_resumes_after_three_probes_300_ms_apart(watch, fences, clock):
    probed = Probed()
    owner = watch(probed)
    fences.suspend(owner.name)

    pauses = []
    while fences.read().suspended:
        pauses.append(owner._look(fences))
        clock.now += pauses[-1]

    assert probed.probes == 3
    assert pauses == pytest.approx([0.3, 0.3, 0.0])
    owner._look(fences)
    assert owner.lease() == CacheLease("here", 2), "under the raised epoch"


def test_a_probe_that_fails_begins_the_three_again(watch, fences, clock):
    probed = Probed()
    owner = watch(probed)
    fences.suspend(owner.name)
    for works in (True, True, False, True, True):
        probed.works = works
        owner._look(fences)

    assert fences.read().suspended
    owner._look(fences)
    assert not fences.read().suspended


def test_the_owner_beats_every_two_seconds(watch, fences, clock):
    probed = Probed()
    probed.works = False
    owner = watch(probed)
    began, beat = clock.now, fences.suspend(owner.name).beat

    while clock.now < began + 60:
        clock.now += owner._look(fences)

    # It looks every 300 ms, so beats are 2.0 to 2.3 s apart.
    assert 60 / 2.3 <= fences.read().beat - beat <= 60 / 2 + 1


def test_others_leave_a_living_owner_alone(watch, fences, clock):
    other = watch()
    state = fences.suspend("owner")
    for _ in range(60):
        clock.now += 0.5
        fences.beat(state)
        other._look(fences)

    assert fences.read().owner == "owner"


def test_any_lease_renewer_takes_over_after_ten_seconds_without_a_beat(
    watch, fences, clock
):
    probed = Probed()
    heir = watch(probed)
    fences.suspend("dead")
    began = clock.now
    while fences.read().owner == "dead":
        clock.now += heir._look(fences)

    assert 10 <= clock.now - began < 11.8
    assert fences.read().owner == heir.name
    assert not probed.probes
    while fences.read().suspended:
        clock.now += heir._look(fences)
    assert probed.probes == 3


@pytest.fixture
def valkey(private_valkey):
    return private_valkey()


@pytest.fixture
def live(node, valkey):
    """Return a process with a lease, a tenth of the real times, its own Valkey."""
    made = node(valkey.uri)
    assert made.fence.await_lease(30)
    return made


def test_a_lease_renewer_looks_by_itself(live):
    wait_until(lambda: live.fence.lease() is not None)

    assert live.fence.lease() == CacheLease(live.store.read().deployment, 1)


def test_a_lease_renewer_outlasts_whatever_goes_wrong(fences, monkeypatch, quiet_log):
    errors = [OSError("no such host"), RuntimeError("a defect")]

    def connect():
        if errors:
            raise errors.pop(0)
        return fences

    monkeypatch.setattr(loops, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(fences, "close", lambda: None)
    lease_renewer = LeaseRenewer(
        connect=connect, objects=Probed(), times=FenceTimes().scaled(0.1)
    )

    assert lease_renewer.watch.await_lease(30)
    lease_renewer.stop()


def test_a_cache_that_came_back_is_resumed_by_itself(live, valkey):
    valkey.kill()
    live.store.suspend(live.lease_renewer.watch.name)
    wait_until(lambda: live.fence.lease() is None)

    valkey.start()

    wait_until(lambda: live.fence.lease() is not None, within_s=5)
    assert live.fence.lease().epoch == 2


def test_a_read_only_redis_is_not_resumed(live, valkey):
    with redis.Redis.from_url(valkey.uri) as raw:
        raw.replicaof("127.0.0.1", "1")
        live.store.suspend(live.lease_renewer.watch.name)
        beat = live.store.read().beat
        wait_until(lambda: live.store.read().beat > beat + 2, within_s=5)

        assert live.store.read().suspended
        raw.replicaof("NO", "ONE")
    wait_until(lambda: not live.store.read().suspended, within_s=5)


def test_a_dead_owner_is_replaced_by_a_living_lease_renewer(live, node, valkey):
    heir = node(valkey.uri)
    assert heir.fence.await_lease(30)
    live.store.suspend(live.lease_renewer.watch.name)
    live.lease_renewer.stop()

    resumed = CacheLease(live.store.read().deployment, 2)
    wait_until(lambda: heir.fence.lease() == resumed, within_s=10)


def test_a_forked_process_has_a_lease_renewer_of_its_own(live):
    name = live.lease_renewer.watch.name
    child = os.fork()
    if child == 0:
        is_own = live.lease_renewer.watch.name != name and live.fence.await_lease(5)
        os._exit(0 if is_own else 1)

    _, status = os.waitpid(child, 0)

    assert status == 0
    assert live.lease_renewer.watch.name == name


def test_a_stopped_lease_renewer_holds_no_lease(live):
    watch = live.lease_renewer.watch

    live.lease_renewer.stop()

    assert watch.lease() is None
