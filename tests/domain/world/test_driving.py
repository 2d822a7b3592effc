from __future__ import annotations

from collections import Counter

from kwip.domain.world.driving import IN_TIME_S, SHARES, Answered, Planned, plan, sum_up


def answered(status, took_s, act="home"):
    return Answered(Planned(0.0, act, 0.5), status, took_s)


def test_requests_come_at_their_rate_in_their_order_and_within_the_time():
    planned = list(plan(100.0, 30.0, seed=1))
    times = [each.at_s for each in planned]

    assert 2_700 < len(planned) < 3_300
    assert times == sorted(times)
    assert 0.0 < times[0] < times[-1] < 30.0


def test_acts_come_as_often_as_their_shares_say():
    planned = list(plan(1_000.0, 20.0, seed=1))
    counts = Counter(each.act for each in planned)

    for act, share in SHARES.items():
        assert abs(counts[act] / len(planned) - share / 100) < 0.01


def test_a_load_can_have_other_shares():
    planned = plan(1_000.0, 5.0, seed=1, shares={"home": 0.3, "post": 0.1})
    counts = Counter(each.act for each in planned)

    assert set(counts) == {"home", "post"}
    assert 2.5 < counts["home"] / counts["post"] < 3.6


def test_the_same_seed_plans_the_same_and_another_one_something_else():
    assert list(plan(10.0, 5.0, seed=1)) == list(plan(10.0, 5.0, seed=1))
    assert list(plan(10.0, 5.0, seed=1)) != list(plan(10.0, 5.0, seed=2))


def test_only_good_answers_that_come_in_time_count_as_such():
    answers = [
        answered(200, 0.1),
        answered(304, IN_TIME_S),
        answered(200, IN_TIME_S + 0.1),
        answered(503, 0.1),
        answered(429, 0.1),
        answered(0, 0.1),
    ]

    assert sum_up(6.0, 1.0, answers).in_time_per_s == 2.0


def test_percentiles_leave_out_refusals_and_take_mistakes_for_endless():
    answers = [answered(200, number / 1000) for number in range(1, 101)]
    refusals = [answered(503, 9.0)] * 50

    assert sum_up(1.0, 1.0, answers + refusals).p95_ms == 96.0
    assert sum_up(1.0, 1.0, answers + [answered(0, 0.1)] * 10).p95_ms is None
    assert sum_up(1.0, 1.0, answers + [answered(500, 0.1)] * 10).p95_ms is None


def test_each_act_has_its_percentile_and_each_status_its_count():
    answers = [answered(200, 0.01), answered(200, 0.5, "page"), answered(404, 0.02)]
    driven = sum_up(3.0, 1.0, answers)

    assert driven.p95_by_act_ms == {"home": 20.0, "page": 500.0}
    assert driven.statuses == {"200": 2, "404": 1}
