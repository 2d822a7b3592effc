from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from kwip.domain.world.world import (
    LineError,
    Saying,
    World,
    parse_graph,
    parse_sayings,
)
from kwip.text.cleaning import clean_text

SAYINGS = [Saying(f"Text {number}", "en") for number in range(7)]


def graph(text, users=None):
    return parse_graph(text.encode().splitlines(keepends=True), users)


def sayings(text, max_chars=500):
    clean = partial(clean_text, max_chars=max_chars)
    return parse_sayings(text.encode().splitlines(keepends=True), clean)


def plans(world, number):
    return [world.plan(i) for i in range(number)]


def test_edges_are_follower_and_followee():
    parsed = graph("3\t1\n1\t2\n")

    assert list(parsed.nodes) == [1, 2, 3]
    assert list(parsed.by_follower()) == [(1, 2), (3, 1)]
    assert list(parsed.by_followee()) == [(3, 1), (1, 2)]


def test_comments_and_empty_lines_say_nothing():
    assert list(graph("# 9\t9\n\n0 1\r\n").by_follower()) == [(0, 1)]


def test_a_self_loop_is_a_user_but_no_follow():
    parsed = graph("5\t5\n0\t1\n")

    assert list(parsed.nodes) == [0, 1, 5]
    assert list(parsed.by_follower()) == [(0, 1)]


def test_an_edge_that_comes_twice_is_one():
    assert len(graph("0\t1\n0\t1\n").edges) == 1


def test_some_users_are_those_with_the_lowest_numbers_and_their_edges():
    parsed = graph("9\t1\n1\t2\n2\t1\n7\t2\n", users=2)

    assert list(parsed.nodes) == [1, 2]
    assert list(parsed.by_follower()) == [(1, 2), (2, 1)]


def test_followers_are_counted_in_the_order_of_nodes():
    assert graph("9\t1\n1\t2\n2\t1\n").followers_counts() == [2, 1, 0]


@pytest.mark.parametrize(
    "line",
    [
        "1",
        "1\t2\t3",
        "a\tb",
        "-1\t2",
        "1_0\t2",
        "1.5\t2",
        "2147483648\t1",
        "1" * 5_000 + "\t2",
    ],
)
def test_a_bad_line_of_a_graph_is_told_by_its_number(line):
    with pytest.raises(LineError) as error:
        graph(f"# comment\n0\t1\n{line}\n")

    assert error.value.number == 3


def test_a_text_keeps_its_language():
    assert sayings('{"lang": "de", "text": "Moin"}\n\n{"text": "Hi"}') == [
        Saying("Moin", "de"),
        Saying("Hi", None),
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Moin",
        "[]",
        "{}",
        '{"text": 1}',
        '{"text": ""}',
        '{"text": "ab"}',
        '{"text": "\\ud800"}',
        '{"text": "a", "lang": 1}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_of_texts_is_told_by_its_number(line):
    with pytest.raises(LineError) as error:
        sayings('{"text": "a"}\n' + line, max_chars=1)

    assert error.value.number == 2


def test_a_plan_is_the_same_whenever_it_is_asked_for():
    parsed = graph("0\t1\n2\t1\n")
    one, two = World(parsed, SAYINGS, 1), World(parsed, SAYINGS, 1)

    assert plans(one, 100) == list(reversed([two.plan(99 - i) for i in range(100)]))


def test_another_seed_is_another_plan_and_another_world():
    parsed = graph("0\t1\n2\t1\n")
    one, two = World(parsed, SAYINGS, 1), World(parsed, SAYINGS, 2)

    assert plans(one, 100) != plans(two, 100)
    assert one.digest() != two.digest()


def test_a_world_is_told_by_its_graph_and_its_texts():
    worlds = [
        World(graph("0\t1\n"), SAYINGS, 1),
        World(graph("1\t0\n"), SAYINGS, 1),
        World(graph("0\t1\n2\t2\n"), SAYINGS, 1),
        World(graph("0\t1\n"), SAYINGS[1:], 1),
    ]

    assert len({world.digest() for world in worlds}) == 4
    assert World(graph("0\t1\n"), SAYINGS, 1).digest() == worlds[0].digest()


def test_authors_are_drawn_in_proportion_to_followers_and_one():
    world = World(graph("1\t0\n2\t0\n3\t0\n"), SAYINGS, 1)
    drawn = Counter(plan.author for plan in plans(world, 7_000))

    assert drawn[0] == pytest.approx(4_000, rel=0.1)
    assert all(drawn[node] == pytest.approx(1_000, rel=0.15) for node in (1, 2, 3))


def test_a_fifth_of_the_posts_answers_an_earlier_one():
    world = World(graph("1\t0\n"), SAYINGS, 1)
    answers = [plan.answers for plan in plans(world, 5_000)]
    found = [a for a in answers if a is not None]

    assert len(found) == pytest.approx(1_000, rel=0.1)
    assert all(a is None or 0 <= a < number for number, a in enumerate(answers))
    assert len(set(found)) > 500


def test_every_text_is_said():
    world = World(graph("1\t0\n"), SAYINGS, 1)

    assert {plan.saying for plan in plans(world, 200)} == set(SAYINGS)
