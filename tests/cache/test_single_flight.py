from __future__ import annotations

import threading

import pytest

from kwip.cache.single_flight import BoundedLoads, SingleFlight
from tests.servers import wait_until


@pytest.fixture
def in_thread():
    threads = []

    def start(work):
        box = []
        thread = threading.Thread(target=lambda: box.append(work()))
        threads.append(thread)
        thread.start()
        return thread, box

    yield start
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


class Gate:
    """A load that says when it has begun and waits to be let go on."""

    def __init__(self, result):
        self.began = threading.Event()
        self.go_on = threading.Event()
        self.calls = 0
        self._result = result

    def __call__(self):
        self.calls += 1
        self.began.set()
        assert self.go_on.wait(5)
        return self._result


def test_the_first_to_come_leads_and_the_others_wait_for_its_result():
    single_flight = SingleFlight()
    flight, leads = single_flight.join("a")
    same, also_leads = single_flight.join("a")
    _, leads_another = single_flight.join("b")

    flight.result = ("value",)
    single_flight.depart("a")
    flight.land()

    assert (leads, also_leads, leads_another) == (True, False, True)
    assert same.wait() == ("value",)
    assert same.wait() == ("value",), "any number may wait"


def test_nobody_joins_a_flight_that_has_departed():
    single_flight = SingleFlight()
    single_flight.join("a")
    single_flight.depart("a")

    assert single_flight.join("a")[1]


def test_a_flight_that_failed_has_no_result():
    single_flight = SingleFlight()
    flight, _ = single_flight.join("a")
    flight.land()

    assert flight.wait() is None


def test_none_is_a_result():
    bounded_loads = BoundedLoads(cap=1, patience_s=1)

    assert bounded_loads.load("a", lambda: None) == (None,)


def test_a_load_that_has_begun_is_not_shared(in_thread):
    bounded_loads = BoundedLoads(cap=2, patience_s=5)
    old, new = Gate("old"), Gate("new")
    _, first = in_thread(lambda: bounded_loads.load("a", old))
    assert old.began.wait(5)

    assert "a" not in bounded_loads._waiting._under_way
    new.go_on.set()
    assert bounded_loads.load("a", new) == ("new",)
    old.go_on.set()
    assert not first


def test_a_load_that_waits_for_its_turn_may_be_joined(in_thread):
    bounded_loads = BoundedLoads(cap=1, patience_s=5)
    running, waiting = Gate("running"), Gate("waiting")
    in_thread(lambda: bounded_loads.load("other", running))
    assert running.began.wait(5)
    in_thread(lambda: bounded_loads.load("a", waiting))
    wait_until(lambda: "a" in bounded_loads._waiting._under_way)

    flight, leads = bounded_loads._waiting.join("a")
    running.go_on.set()
    waiting.go_on.set()

    assert not leads
    assert flight.wait() == ("waiting",)


def test_who_joins_takes_the_result_and_does_not_load():
    bounded_loads = BoundedLoads(cap=1, patience_s=5)
    flight, _ = bounded_loads._waiting.join("a")
    flight.result = ("shared",)
    flight.land()
    unused = Gate("own")

    assert bounded_loads.load("a", unused) == ("shared",)
    assert unused.calls == 0


def test_only_so_many_load_at_once_and_the_next_is_told(in_thread):
    bounded_loads = BoundedLoads(cap=1, patience_s=0.01)
    running = Gate(0)
    in_thread(lambda: bounded_loads.load("a", running))
    assert running.began.wait(5)

    assert bounded_loads.load("b", lambda: 1) is None
    running.go_on.set()


def test_a_turn_is_given_back_by_a_load_that_failed():
    bounded_loads = BoundedLoads(cap=1, patience_s=0.01)

    with pytest.raises(KeyError):
        bounded_loads.load("a", lambda: {}["missing"])

    assert bounded_loads.load("a", lambda: 1) == (1,)


def test_who_waited_for_a_load_that_failed_loads_for_itself():
    bounded_loads = BoundedLoads(cap=1, patience_s=5)
    flight, _ = bounded_loads._waiting.join("a")
    flight.land()

    assert bounded_loads.load("a", lambda: "own") == ("own",)
