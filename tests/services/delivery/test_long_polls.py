"""Waiting for something new: nothing is missed, and nobody waits for ever."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.domain.errors import StoreUnavailableError
from kwip.services.delivery.long_polls import TURNS, Live, LiveTimes
from tests.servers import wait_until

PATIENT = LiveTimes(longest_s=60, deaf_s=60)
SHORT = LiveTimes(longest_s=0.05, deaf_s=60)
WITHIN_S = 10


def opened(times):
    live = Live(times)
    live.linked()
    live.open()
    return live


class Looks:
    """A look that finds what it is given, and lets things happen meanwhile."""

    def __init__(self, *meanwhile):
        self.count = 0
        self.news = None
        self._meanwhile = list(meanwhile)

    def __call__(self):
        self.count += 1
        found = self.news
        if self._meanwhile:
            self._meanwhile.pop(0)()
        return found


@pytest.fixture
def waiting():
    """Return a function that waits in a thread that holds a turn; gives the future."""
    with ThreadPoolExecutor(4) as pool:

        def start(live, topic, look):
            def wait():
                with live.turns:
                    return live.wait([topic], look)

            return pool.submit(wait)

        yield start


def test_what_is_there_already_is_told_at_once(waiting):
    looks = Looks()
    looks.news = "news"

    assert waiting(opened(PATIENT), "home:1", looks).result(WITHIN_S) == "news"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_signal_during_a_look_is_not_lost(waiting, when):
    """The write and its ring come while the first look is under way."""
    live = opened(PATIENT)

    def happen():
        looks.news = "news"
        live.heard(["home:1"])

    looks = Looks(happen)
    if when == "before":  # and again between two looks that find nothing
        looks = Looks(lambda: live.heard(["home:1"]), happen)

    assert waiting(live, "home:1", looks).result(WITHIN_S) == "news"


def test_a_signal_wakes_those_of_its_topics_and_nobody_else(waiting):
    live = opened(PATIENT)
    one, other = Looks(), Looks()
    first = waiting(live, "home:1", one)
    second = waiting(live, "home:2", other)
    wait_until(lambda: one.count == other.count == 1)
    one.news = other.news = "news"
    live.heard(["home:1", "home:3", "public"])

    assert first.result(WITHIN_S) == "news"
    assert other.count == 1
    live.heard(["home:2"])
    assert second.result(WITHIN_S) == "news"


def test_a_signal_for_something_hidden_goes_on_waiting(waiting):
    live = opened(PATIENT)
    looks = Looks()
    future = waiting(live, "home:1", looks)
    for count in (1, 2, 3):
        wait_until(lambda count=count: looks.count == count)
        live.heard(["home:1"])
    wait_until(lambda: looks.count == 4)

    assert not future.done()
    live.close()
    assert future.result(WITHIN_S) is None


def test_at_the_end_of_its_time_it_looks_once_more(waiting):
    looks = Looks(lambda: setattr(looks, "news", "a lost ring's"))

    assert waiting(opened(SHORT), "home:1", looks).result(WITHIN_S) == "a lost ring's"
    assert looks.count == 2


def test_without_anything_new_it_ends_with_nothing(waiting):
    looks = Looks()

    assert waiting(opened(SHORT), "home:1", looks).result(WITHIN_S) is None
    assert looks.count == 2


def test_without_signals_it_checks_at_intervals(waiting):
    live = opened(LiveTimes(longest_s=60, deaf_s=0.01))
    live.unlinked()
    looks = Looks(*[lambda: None] * 3, lambda: setattr(looks, "news", "news"))

    assert waiting(live, "home:1", looks).result(WITHIN_S) == "news"
    assert looks.count == 5


def test_who_waited_while_the_link_was_lost_looks_again_at_once(waiting):
    live = opened(PATIENT)
    looks = Looks()
    future = waiting(live, "home:1", looks)
    wait_until(lambda: looks.count == 1)
    looks.news = "rung while nobody heard it"
    live.unlinked()
    live.linked()

    assert future.result(WITHIN_S) == "rung while nobody heard it"


def test_who_waits_in_a_process_that_begins_to_hear_looks_again_at_once(waiting):
    live = Live(PATIENT)
    live.open()
    looks = Looks()
    future = waiting(live, "home:1", looks)
    wait_until(lambda: looks.count == 1)
    looks.news = "rung before anybody heard it"
    live.linked()

    assert future.result(WITHIN_S) == "rung before anybody heard it"


def test_with_signals_it_does_not_check_at_intervals(waiting):
    live = Live(LiveTimes(longest_s=0.3, deaf_s=0.01))
    live.linked()
    live.open()
    looks = Looks()
    waiting(live, "home:1", looks).result(WITHIN_S)

    assert looks.count == 2


def test_an_end_sends_everybody_away_and_nobody_in(waiting):
    live = opened(PATIENT)
    looks = [Looks() for _ in range(3)]
    futures = [waiting(live, f"home:{n}", look) for n, look in enumerate(looks)]
    wait_until(lambda: all(look.count for look in looks))
    live.close()

    assert [future.result(WITHIN_S) for future in futures] == [None] * 3
    with pytest.raises(StoreUnavailableError):
        live.wait(["home:1"], Looks())


def test_a_look_that_fails_leaves_nothing_behind(waiting):
    live = opened(PATIENT)

    def fail():
        raise StoreUnavailableError

    with pytest.raises(StoreUnavailableError):
        waiting(live, "home:1", fail).result(WITHIN_S)

    assert live._waiting == {}


def test_those_who_wait_hold_no_turn(waiting):
    live = opened(PATIENT)
    looks = [Looks() for _ in range(TURNS + 4)]
    with ThreadPoolExecutor(len(looks)) as pool:

        def wait(look):
            with live.turns:
                return live.wait(["public"], look)

        futures = [pool.submit(wait, look) for look in looks]
        wait_until(lambda: all(look.count == 1 for look in looks))
        live.close()

        assert [future.result(WITHIN_S) for future in futures] == [None] * len(looks)


def test_no_more_than_the_turns_are_at_work_at_once():
    live = opened(PATIENT)
    at_work, most, lock, full = [], [], threading.Lock(), threading.Event()

    def look():
        with lock:
            at_work.append(1)
            most.append(len(at_work))
            if len(at_work) == TURNS:
                full.set()
        full.wait(WITHIN_S)
        with lock:
            at_work.pop()
        return "news"

    def wait():
        with live.turns:
            return live.wait(["public"], look)

    with ThreadPoolExecutor(2 * TURNS) as pool:
        for future in [pool.submit(wait) for _ in range(2 * TURNS)]:
            future.result(WITHIN_S)

    assert max(most) == TURNS
