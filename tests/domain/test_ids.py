from __future__ import annotations

import random
import threading
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.ids import (
    MAX_ID,
    SLOTS,
    IdGenerator,
    first_id_at,
    ms_of,
    parse_id,
    slot_of,
)

NOW = 1_800_000_000_000


class Clock:
    def __init__(self, ms=NOW):
        self.ms = ms

    def __call__(self):
        return self.ms


def generator(clock):
    return IdGenerator(clock, random.Random(1))  # noqa: S311 -- the same every time


def test_an_id_holds_millisecond_slot_and_sequence():
    new = generator(Clock()).next_id(4_095)

    assert new >> 16 == NOW == ms_of(new)
    assert (new >> 4) & 0xFFF == 4_095 == slot_of(new)
    assert new < MAX_ID


def test_the_sequence_starts_anywhere_in_each_millisecond():
    clock = Clock()
    ids = generator(clock)
    starts = set()
    for _ in range(200):
        clock.ms += 1
        starts.add(ids.next_id(7) & 0xF)

    assert starts == set(range(16))


def test_more_ids_than_a_millisecond_holds_borrow_from_the_next_ones():
    ids = generator(Clock())
    made = [ids.next_id(7) for _ in range(100)]

    assert all(a < b for a, b in pairwise(made))
    assert NOW + 100 // 16 <= ms_of(made[-1]) <= NOW + 100
    assert {slot_of(i) for i in made} == {7}


def test_an_id_borrowed_in_one_slot_moves_no_other_slot():
    ids = generator(Clock())
    for _ in range(100):
        ids.next_id(7)

    assert ms_of(ids.next_id(8)) == NOW


def test_ids_go_on_rising_when_the_clock_steps_back():
    clock = Clock()
    ids = generator(clock)
    before = ids.next_id(7)
    clock.ms -= 90_000

    assert ids.next_id(7) > before


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.integers(-3, 3),  # what the clock does
            st.integers(0, 2),  # in which slot
            st.none() | st.integers(-5, 5),  # how far from now a parent was made
        ),
        max_size=60,
    ),
    st.randoms(use_true_random=False),
)
def test_ids_rise_per_slot_and_stand_above_their_parent(steps, rng):
    clock = Clock()
    ids = IdGenerator(clock, rng)
    last = {}
    for step, slot, parent_ms in steps:
        clock.ms += step
        above = 0 if parent_ms is None else first_id_at(clock.ms + parent_ms) | 0xFFFF
        new = ids.next_id(slot, above=above)

        assert new > last.get(slot, 0)
        assert slot_of(new) == slot
        assert above == 0 or ms_of(new) > ms_of(above)
        last[slot] = new


def test_threads_never_draw_the_same_id():
    ids = generator(Clock())
    made = []
    threads = [
        threading.Thread(target=lambda: made.extend(ids.next_id(7) for _ in range(200)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == 800


def test_slots_are_drawn_from_all_of_them():
    ids = generator(Clock())
    drawn = {ids.random_slot() for _ in range(1_000)}

    assert min(drawn) < 100
    assert SLOTS - 100 < max(drawn) < SLOTS


def test_the_first_id_of_a_millisecond_is_below_all_that_are_made_in_it():
    new = generator(Clock()).next_id(0)

    assert first_id_at(NOW) <= new < first_id_at(NOW + 1)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("17", 17),
        (str(MAX_ID), MAX_ID),
        (str(MAX_ID + 1), None),
        ("9" * 5_000, None),
        ("", None),
        ("-1", None),
        ("+1", None),
        (" 1", None),
        ("1_0", None),
        ("1e3", None),
        ("٣", None),
        ("²", None),
        ("\ud800", None),
    ],
)
def test_an_id_is_read_from_plain_digits_only(text, value):
    assert parse_id(text) == value
