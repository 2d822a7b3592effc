"""Reading through the cache: what it costs, what it shares, what it never does."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from kwip import telemetry
from kwip.cache import keys
from kwip.domain.errors import StoreUnavailableError
from kwip.services.reading.loader import RESTARTS, Loaders, Lookup
from tests.servers import wait_until


@pytest.fixture
def notes(leased):
    for number in range(1, 46):
        leased.notes.write(number, f"text {number}")
    return leased.notes


@pytest.fixture
def cost(leased, notes):
    """Return a function that tells what a call costs: (round trips, queries)."""
    leased.read(999)  # tells the server the scripts

    def cost(call):
        before = leased.client.round_trips, notes.queries
        call()
        return leased.client.round_trips - before[0], notes.queries - before[1]

    return cost


def results(kind="note"):
    """Tell what was counted so far, by result."""
    samples = telemetry.CACHE_REQUESTS.collect()[0].samples
    return {
        sample.labels["result"]: sample.value
        for sample in samples
        if sample.labels["cache"] == kind and sample.name.endswith("_total")
    }


def counted(before, result):
    return results().get(result, 0) - before.get(result, 0)


def test_45_entities_cost_two_round_trips_and_a_query_cold_and_one_warm(
    leased, notes, cost
):
    ids = list(range(1, 46))

    def read():
        found = leased.loaders.begin().load(Lookup(notes.kind, ids))[0]
        assert [found[each].text for each in ids] == [f"text {each}" for each in ids]

    assert cost(read) == (2, 1)
    assert cost(read) == (1, 0)


def test_a_reading_remembers_what_it_has_read(leased, notes, cost):
    loader = leased.loaders.begin()
    want = Lookup(notes.kind, [1, 2, 2])
    loader.load(want)

    assert cost(lambda: loader.load(want)) == (0, 0)
    assert list(loader.load(want)[0]) == [1, 2]


def test_what_was_warmed_costs_no_further_round_trip(leased, notes, cost):
    leased.read(1)
    loader = leased.loaders.begin()

    assert cost(lambda: loader.warm(Lookup(notes.kind, [1, 2]))) == (1, 0)
    assert cost(lambda: loader.load(Lookup(notes.kind, [1]))) == (0, 0)
    assert cost(lambda: loader.load(Lookup(notes.kind, [2]))) == (1, 1)


def test_kinds_are_read_and_filled_together(leased, notes, cost):
    other = replace(notes.kind, name="other", key=keys.user)

    def read():
        found = leased.loaders.begin().load(
            Lookup(notes.kind, [1, 2]),
            Lookup(other, [2, 3]),
            Lookup(notes.kind, [2, 4]),
        )
        assert [sorted(each) for each in found] == [[1, 2], [2, 3], [2, 4]]

    assert cost(read) == (2, 2)
    assert cost(read) == (1, 0)


def test_what_is_absent_is_left_out_and_known(leased, notes, cost):
    before = results()

    assert leased.read(77) is None
    assert cost(lambda: leased.read(77)) == (1, 0)
    assert counted(before, "empty") == 1


def test_a_write_ends_a_known_empty(leased, notes):
    assert leased.read(77) is None

    leased.write(77, "now")

    assert leased.read(77).text == "now"


def test_a_write_is_read_by_who_begins_after_it(leased, notes):
    leased.read(1)

    leased.write(1, "new")

    assert leased.read(1).text == "new"


def test_the_others_of_a_missing_guard_are_not_loaded(leased, notes, cost):
    other = replace(notes.kind, name="other", key=keys.user)
    loader = leased.loaders.begin()
    found = []

    def read():
        found.extend(loader.load_guarded(Lookup(notes.kind, [77]), Lookup(other, [1])))

    assert cost(read) == (2, 1)
    assert found == [{}, {}]


def test_the_others_of_a_missing_guard_are_not_given_either(leased, notes):
    other = replace(notes.kind, name="other", key=keys.user)
    leased.loaders.begin().load(Lookup(other, [1]))

    loader = leased.loaders.begin()

    assert loader.load_guarded(Lookup(notes.kind, [77]), Lookup(other, [1])) == ({}, {})


def test_a_guard_and_its_others_are_read_and_filled_together(leased, notes, cost):
    other = replace(notes.kind, name="other", key=keys.user)

    def read():
        guard, rest = leased.loaders.begin().load_guarded(
            Lookup(notes.kind, [1]), Lookup(other, [2, 3])
        )
        assert (list(guard), sorted(rest)) == ([1], [2, 3])

    assert cost(read) == (2, 2)
    assert cost(read) == (1, 0)


def test_a_refused_fill_starts_over_and_reads_the_new_version(leased, notes):
    before = results()

    def write_meanwhile():
        notes.after_load = lambda: None
        leased.write(1, "new")

    notes.after_load = write_meanwhile

    assert leased.read(1).text == "new"
    assert counted(before, "refused") == 1
    queries = notes.queries
    assert leased.read(1).text == "new"
    assert notes.queries == queries, "it was filled"


def test_after_four_restarts_the_value_is_used_without_being_filled(leased, notes):
    before, queries = results(), notes.queries
    notes.after_load = lambda: leased.write(1, "again")

    found = leased.read(1)

    assert found.text == "again"
    assert notes.queries - queries == RESTARTS + 1 == 5
    assert counted(before, "refused") == RESTARTS
    assert counted(before, "unfilled") == 1


def test_only_what_was_refused_starts_over(leased, notes, cost):
    def write_meanwhile():
        notes.after_load = lambda: None
        leased.write(1, "new")

    notes.after_load = write_meanwhile
    loaded = []
    kind = replace(notes.kind, load=lambda ids: loaded.append(ids) or notes.load(ids))

    found = leased.loaders.begin().load(Lookup(kind, [1, 2, 3]))[0]

    assert [found[each].text for each in (1, 2, 3)] == ["new", "text 2", "text 3"]
    assert loaded == [[1, 2, 3], [1]]


def test_without_a_lease_nothing_is_read_from_redis_nor_filled(leased, notes, cost):
    loader = leased.loaders.begin()
    loader._cache.lease = None
    before = results()

    assert cost(lambda: loader.load(Lookup(notes.kind, [1, 2]))) == (0, 1)
    assert counted(before, "bypass") == 2
    assert cost(lambda: leased.read(1)) == (2, 1), "it was not filled"


@pytest.mark.parametrize("failing", ["read", "fill"])
def test_after_its_first_failed_call_a_reading_makes_no_further_one(
    leased, notes, monkeypatch, failing
):
    calls = []
    for name in ("read", "fill"):
        real = getattr(leased.objects, name)
        answer = (lambda *_: None) if name == failing else real

        def counted_call(*call, name=name, answer=answer):
            calls.append(name)
            return answer(*call)

        monkeypatch.setattr(leased.objects, name, counted_call)
    loader = leased.loaders.begin()

    assert loader.load(Lookup(notes.kind, [1]))[0][1].text == "text 1"
    assert loader.load(Lookup(notes.kind, [2]))[0][2].text == "text 2"
    assert calls == (["read"] if failing == "read" else ["read", "fill"])


def test_a_fill_that_fails_leaves_what_was_loaded(leased, notes, monkeypatch):
    monkeypatch.setattr(leased.objects, "fill", lambda *_: None)

    assert leased.read(1).text == "text 1"


def test_redis_that_fails_in_a_restart_leaves_what_was_loaded(
    leased, notes, monkeypatch
):
    monkeypatch.setattr(leased.objects, "fill", lambda *_: [False])
    first = leased.objects.read

    def only_once(*call):
        monkeypatch.setattr(leased.objects, "read", lambda *_: None)
        return first(*call)

    monkeypatch.setattr(leased.objects, "read", only_once)

    assert leased.read(1).text == "text 1"


def test_too_many_loads_without_the_cache_are_refused(leased, notes, monkeypatch):
    loaders = Loaders(leased.objects, leased.fence, direct_loads=1, patience_s=0.01)
    monkeypatch.setattr(leased.fence, "lease", lambda: None)
    go_on = threading.Event()
    began = threading.Event()
    notes.before_load = lambda: began.set() or go_on.wait(5)
    first = threading.Thread(
        target=lambda: loaders.begin().load(Lookup(notes.kind, [1]))
    )
    first.start()
    assert began.wait(5)

    with pytest.raises(StoreUnavailableError) as refused:
        loaders.begin().load(Lookup(notes.kind, [2]))

    assert refused.value.retry_after_s > 0
    go_on.set()
    first.join()


class Blocked:
    """Threads that read one note while its load is held up."""

    def __init__(self, leased, notes):
        self._cache = leased
        self._go_on = threading.Event()
        self.found = []
        self._threads = []
        notes.after_load = lambda: self._go_on.wait(5)

    def read(self, note_id):
        thread = threading.Thread(
            target=lambda: self.found.append(self._cache.read(note_id))
        )
        self._threads.append(thread)
        thread.start()

    def go_on(self):
        self._go_on.set()
        for thread in self._threads:
            thread.join(5)


@pytest.fixture
def blocked(leased, notes):
    blocked = Blocked(leased, notes)
    yield blocked
    blocked.go_on()


def test_a_load_under_the_same_generation_is_shared(leased, notes, blocked):
    before, queries = results(), notes.queries
    for _ in range(3):
        blocked.read(1)
    wait_until(lambda: results().get("miss", 0) - before.get("miss", 0) == 3)

    blocked.go_on()

    assert [note.text for note in blocked.found] == ["text 1"] * 3
    assert 1 <= notes.queries - queries < 3
    assert counted(before, "shared") == 3 - (notes.queries - queries)


def test_a_load_under_an_invalidated_generation_is_not_shared(leased, notes, blocked):
    queries = notes.queries
    blocked.read(1)
    wait_until(lambda: notes.queries == queries + 1)
    leased.write(1, "new")

    notes.after_load = lambda: None
    found = []
    reader = threading.Thread(target=lambda: found.append(leased.read(1)))
    reader.start()
    reader.join(2)

    assert found, "it waited for the older load"
    assert found[0].text == "new"
    assert not blocked.found, "the older load is still under way"


def test_who_shares_a_load_that_is_refused_starts_over_too(leased, notes, blocked):
    before, queries = results(), notes.queries
    blocked.read(1)
    blocked.read(1)
    wait_until(lambda: counted(before, "miss") == 2)
    wait_until(lambda: notes.queries == queries + 1)
    leased.write(1, "new")

    blocked.go_on()

    assert [note.text for note in blocked.found] == ["new", "new"]


def test_who_shares_a_load_waits_until_it_is_filled(leased, notes, monkeypatch):
    fill, filled = leased.objects.fill, threading.Event()
    found = []

    def slow_fill(*call):
        before = results()
        follower = threading.Thread(target=lambda: found.append(leased.read(1)))
        follower.start()
        wait_until(lambda: counted(before, "miss") == 1)
        follower.join(0.05)
        assert not found, "it was answered before the fill"
        stored = fill(*call)
        threads.append(follower)
        filled.set()
        return stored

    threads = []
    monkeypatch.setattr(leased.objects, "fill", slow_fill)

    assert leased.read(1).text == "text 1"
    assert filled.is_set()
    threads[0].join(5)
    assert found[0].text == "text 1"


def test_readers_that_share_crosswise_never_wait_for_each_other(leased, notes, raw):
    def read(turn):
        ids = [1 + (turn + k) % 7 for k in range(5)]
        for _ in range(25):
            raw.flushdb()
            leased.loaders.begin().load(Lookup(notes.kind, ids))

    threads = [threading.Thread(target=read, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(4)

    assert not any(thread.is_alive() for thread in threads)


def test_a_load_under_another_lease_is_not_shared(leased, notes, blocked):
    queries = notes.queries
    blocked.read(1)
    wait_until(lambda: notes.queries == queries + 1)
    notes.write(1, "new")  # and its invalidation fails: the fence rises instead
    notes.after_load = lambda: None
    loader = leased.loaders.begin()
    leased_by = loader._cache.lease
    loader._cache.lease = leased_by._replace(epoch=leased_by.epoch + 1)

    assert loader.load(Lookup(notes.kind, [1]))[0][1].text == "new"


def test_who_waited_for_a_load_that_failed_loads_for_itself(leased, notes):
    began, go_on, found = threading.Event(), threading.Event(), []

    def fail_later():
        notes.after_load = lambda: None
        began.set()
        assert go_on.wait(5)
        raise StoreUnavailableError

    def lead():
        with pytest.raises(StoreUnavailableError):
            leased.read(1)

    notes.after_load = fail_later
    before = results()
    leader = threading.Thread(target=lead)
    follower = threading.Thread(target=lambda: found.append(leased.read(1)))
    leader.start()
    assert began.wait(5)
    follower.start()
    wait_until(lambda: counted(before, "miss") == 2)
    follower.join(0.05)
    assert not found, "it waits for the leader"

    go_on.set()
    leader.join(5)
    follower.join(5)

    assert found[0].text == "text 1"


def test_a_load_that_fails_is_told_and_leaves_nothing_behind(leased, notes):
    def fail():
        raise StoreUnavailableError

    notes.before_load = fail
    with pytest.raises(StoreUnavailableError):
        leased.read(1)
    notes.before_load = lambda: None

    assert not leased.loaders.single_flight._under_way
    assert leased.read(1).text == "text 1"
