from __future__ import annotations

from kwip.domain.ids import first_id_at
from kwip.domain.timelines.trends import Use, rank

HOUR = 3_600_000
NOW = 1_800_000_000_000


def use(thing, user_id, hours_ago):
    return Use(thing, user_id, first_id_at(NOW - hours_ago * HOUR))


def names(uses, half_life=6 * HOUR, most=10):
    return [each.thing for each in rank(uses, NOW, half_life, most)]


def test_one_person_makes_no_trend_however_often():
    uses = [use("spam", 1, hour) for hour in range(100)]

    assert names([*uses, use("tea", 1, 1), use("tea", 2, 1)]) == ["tea"]


def test_a_person_counts_once_with_the_latest_use():
    [found] = rank(
        [use("tea", 1, 6), use("tea", 1, 12), use("tea", 2, 0)], NOW, 6 * HOUR, 9
    )

    assert found.score == 1.5
    assert [each.user_id for each in found.latest] == [2, 1]


def test_what_is_older_counts_less_until_more_people_outweigh_it():
    old = [use("old", person, 12) for person in range(7)]
    new = [use("new", person, 0) for person in range(2)]

    assert names([*old, *new]) == ["new", "old"]
    assert names([*old, use("old", 7, 12), use("old", 8, 12), *new]) == ["old", "new"]
    assert names([*old, *new], most=1) == ["new"]
