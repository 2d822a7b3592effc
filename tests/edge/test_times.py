from __future__ import annotations

import datetime as dt

import pytest

from kwip.domain.clock import to_ms
from kwip.schemas.times import ago, ago_in_words
from kwip.text.translation import in_language

NOW = dt.datetime(2026, 3, 14, 9, 26, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        ({"seconds": -5}, "now"),
        ({"seconds": 59}, "now"),
        ({"minutes": 1}, "1m"),
        ({"minutes": 59, "seconds": 59}, "59m"),
        ({"hours": 1}, "1h"),
        ({"hours": 23, "minutes": 59}, "23h"),
        ({"days": 1}, "1d"),
        ({"days": 6, "hours": 23}, "6d"),
        ({"days": 7}, "7 Mar"),
        ({"days": 72}, "1 Jan"),
        ({"days": 73}, "31 Dec 2025"),
    ],
)
def test_a_time_is_told_in_as_few_letters_as_say_it(passed, words):
    assert ago(to_ms(NOW - dt.timedelta(**passed)), 0, to_ms(NOW)) == words


@pytest.mark.parametrize(
    ("language", "offset_min", "words"),
    [
        ("en", -720, "6 Mar"),
        ("en", 900, "8 Mar"),
        ("de", 0, "7. März"),
        ("hi", 0, "7 मार्च"),
        ("ar", 0, "7 مارس"),
    ],
)
def test_a_date_is_in_the_readers_language_and_time_zone(language, offset_min, words):
    with in_language(language):
        said = ago(to_ms(NOW - dt.timedelta(days=7)), offset_min, to_ms(NOW))

    assert said == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        ({"seconds": 59}, "just now"),
        ({"minutes": 1}, "1m ago"),
        ({"days": 6, "hours": 23}, "6d ago"),
        ({"days": 7}, "on 7 Mar"),
    ],
)
def test_a_time_in_a_sentence_is_told_in_words(passed, words):
    assert ago_in_words(to_ms(NOW - dt.timedelta(**passed)), 0, to_ms(NOW)) == words
