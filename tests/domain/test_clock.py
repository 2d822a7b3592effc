from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.clock import at, system_clock_ms, to_ms


@settings(max_examples=50)
@given(st.integers(0, 4_000_000_000_000))
def test_a_millisecond_survives_being_a_time(ms):
    assert to_ms(at(ms)) == ms
    assert at(ms).tzinfo is dt.UTC


def test_the_system_clock_counts_milliseconds_since_1970():
    assert at(system_clock_ms()).year >= 2026
