from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.posting.repeats import DAY, Said, digest_of, normal_form, settle
from kwip.domain.text import Mention

POST = Post(
    id=5,
    author_id=1,
    text="Tea is ready",
    visibility=Visibility.PUBLIC,
    created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    root_id=5,
)


@pytest.mark.parametrize(
    "text",
    [
        " Tea  is\n ready ",
        "Tea is\u200b ready",
        "\uff34ea is ready",
        "Tea\u00a0is ready",
    ],
)
def test_what_a_reader_does_not_see_makes_no_difference(text):
    assert normal_form(text) == "Tea is ready"
    assert digest_of(replace(POST, text=text)) == digest_of(POST)


@pytest.mark.parametrize(
    "change",
    [
        {"text": "tea is ready"},
        {"warning": "drinks"},
        {"visibility": Visibility.FOLLOWERS},
        {"in_reply_to_id": 3},
        {"mentions": (Mention(0, 3, 9, "tea"),)},
    ],
)
def test_what_says_something_else_or_to_others_is_no_repeat(change):
    assert digest_of(replace(POST, **change)) != digest_of(POST)


@pytest.mark.parametrize(
    "change",
    [
        {"visibility": Visibility.DIRECT},
        {"repost_of_id": 3, "text": ""},
        {"is_tombstone": True, "text": ""},
    ],
)
def test_reposts_tombstones_and_direct_posts_repeat_nothing(change):
    assert digest_of(replace(POST, **change)) is None


RUNS = st.lists(
    st.tuples(st.integers(1, DAY), st.sampled_from([None, 1, 2])), max_size=12
)


@settings(max_examples=100)
@given(RUNS)
def test_a_post_repeats_the_last_one_within_a_day_that_says_the_same(steps):
    run, place = [], 0
    for step, digest in steps:
        place += step // 2
        run.append(Said(place, digest, 99))
    run = [one for n, one in enumerate(run) if n == 0 or run[n - 1] != one]

    for n, one in enumerate(settle(run)):
        same = [
            other.post_id
            for other in run[:n]
            if other.digest == one.digest is not None
            and one.post_id - other.post_id < DAY
        ]
        assert one.repeats_id == (same[-1] if same else None)
