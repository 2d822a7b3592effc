from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kwip.domain.clock import system_clock_ms
from kwip.domain.ids import IdGenerator, PostId
from kwip.domain.posting.posts import Visibility
from kwip.domain.social.relationships import Relations
from kwip.domain.timelines.filters import shows_author, shows_home
from kwip.domain.timelines.timelines import (
    KEEP_OPEN,
    SEAL_AT,
    SEAL_LOOK,
    SEALED,
    TRIM_ABOVE,
    TRIM_TO,
    Entry,
    belongs_in_home,
    looks_for_full,
    merge_newest,
    plan_buckets,
    plan_seal,
    raised_floor,
)

IDS = st.lists(st.integers(1, 10**6), max_size=300)


@settings(max_examples=40)
@given(IDS)
def test_a_seal_loses_nothing_and_keeps_the_newest_open(ids):
    seal = plan_seal(ids)

    assert sorted({*seal.cut, *seal.keep}) == sorted(set(ids))
    assert len(seal.keep) == min(KEEP_OPEN, len(set(ids)))
    assert not set(seal.cut) & set(seal.keep)
    assert not seal.cut or max(seal.cut) < min(seal.keep)
    assert list(seal.cut) == sorted(seal.cut)


def test_a_full_bucket_of_doubles_has_nothing_to_cut():
    assert plan_seal([5] * SEAL_AT) == plan_seal([5])
    assert plan_seal([5]).cut == ()


@settings(max_examples=40)
@given(IDS)
def test_a_rebuilt_timeline_is_divided_without_loss_into_small_buckets(ids):
    seal, sealed = plan_buckets(ids)
    together = [i for part in sealed for i in part]

    assert tuple(together) == seal.cut
    assert all(0 < len(part) <= SEALED for part in sealed)
    assert len(seal.keep) <= KEEP_OPEN


def test_a_home_is_looked_at_once_in_so_many_posts_however_they_come():
    ids = IdGenerator(system_clock_ms, random.Random(1))  # noqa: S311 -- no secret
    drawn = [PostId(ids.next_id(ids.random_slot())) for _ in range(4_000)]
    looks = sum(looks_for_full([post_id]) for post_id in drawn)

    assert 0.8 * len(drawn) < looks * SEAL_LOOK < 1.2 * len(drawn)
    assert looks_for_full(drawn)


def test_the_floor_stays_while_a_timeline_is_small():
    assert raised_floor(range(TRIM_ABOVE), above=TRIM_ABOVE, floor=-5) == -5


def test_the_floor_rises_to_the_800th_id_when_a_timeline_is_too_long():
    ids = list(range(10, 10 + TRIM_ABOVE + 1))
    floor = raised_floor([*ids, *ids], above=TRIM_ABOVE, floor=0)

    assert sum(i >= floor for i in ids) == TRIM_TO


def test_the_floor_never_falls():
    assert raised_floor(range(2_000), above=TRIM_TO, floor=1_900) == 1_900


@pytest.mark.parametrize(
    ("visibility", "author", "named", "belongs"),
    [
        ("public", 2, (), True),
        ("unlisted", 2, (), True),
        ("followers", 2, (), True),
        ("direct", 2, (), False),
        ("direct", 2, (3,), False),
        ("direct", 2, (1, 3), True),
        ("direct", 1, (), True),
    ],
)
def test_a_home_stores_all_but_direct_posts_to_others(
    visibility, author, named, belongs
):
    assert belongs_in_home(1, author, Visibility(visibility), named) is belongs


ALICE, BOB, CAROL, VIEWER = 1, 2, 3, 9


# What the viewer is to others, the entry's author, whom it answers, is it shown.
SHOWN = [
    ({}, VIEWER, 0, True),
    ({}, VIEWER, CAROL, True),
    ({}, ALICE, 0, False),
    ({"follows": {ALICE}}, ALICE, 0, True),
    ({"follows": {ALICE}}, ALICE, ALICE, True),
    ({"follows": {ALICE}}, ALICE, VIEWER, True),
    ({"follows": {ALICE}}, ALICE, BOB, False),
    ({"follows": {ALICE, BOB}}, ALICE, BOB, True),
    ({"follows": {ALICE, BOB}, "mutes": {BOB}}, ALICE, BOB, True),
    ({"follows": {ALICE}, "mutes": {ALICE}}, ALICE, 0, False),
    ({"follows": {ALICE}, "blocks": {ALICE}}, ALICE, 0, False),
    ({"follows": {ALICE}, "blocked_by": {ALICE}}, ALICE, VIEWER, False),
]


@pytest.mark.parametrize(("relations", "author", "answers", "is_shown"), SHOWN)
def test_home_shows_followees_and_what_they_answer_to_people_one_knows(
    relations, author, answers, is_shown
):
    known = Relations(**{name: frozenset(ids) for name, ids in relations.items()})

    assert shows_home(VIEWER, known, Entry(50, author, answers)) is is_shown


def test_a_listed_timeline_hides_the_muted_and_both_sides_of_a_block():
    relations = Relations(
        mutes=frozenset({1}), blocks=frozenset({2}), blocked_by=frozenset({3})
    )

    assert [shows_author(relations, i) for i in (1, 2, 3, 4)] == [
        False,
        False,
        False,
        True,
    ]


@settings(max_examples=40)
@given(st.lists(st.lists(st.integers(1, 30)), max_size=4), st.integers(0, 40))
def test_merging_gives_the_newest_without_doubles(parts, limit):
    entries = [[Entry(i, i * 2, 0) for i in part] for part in parts]
    merged = merge_newest(entries, limit)
    everything = {i for part in parts for i in part}

    assert [e.post_id for e in merged] == sorted(everything, reverse=True)[:limit]
    assert all(e.author_id == e.post_id * 2 for e in merged)
