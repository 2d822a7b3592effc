"""`docs/performance.md` and its chart show what `bench/results/` has."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from PIL import Image

from bench import charts, day, memory, report, rows, scaling
from bench.rows import RESULTS, Goal, Row

KEPT = [row for row, _ in rows.kept()]


def row(**fields):
    given = {"ours": [1.0, 3.0, 2.0], "theirs": [2.0, 2.0, 2.0], "goal": None} | fields
    return Row(name="a", what="b", reference="c", unit="s", **given)


def test_the_chart_is_of_the_results():
    with Image.open(charts.PICTURE) as picture:
        drawn = picture.info["rows"]

    assert drawn == charts.digest([one for one in KEPT if one.goal]), "make bench"


def test_the_chart_of_a_day_is_of_its_processes():
    is_drawn = memory.PICTURE.exists()
    assert is_drawn == memory.REPORT.exists(), "make bench"
    if is_drawn:
        with Image.open(memory.PICTURE) as picture:
            assert picture.info["processes"] == memory.digest()


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept.name)
def test_a_kept_figure_is_that_of_its_rounds(kept):
    report = json.loads((RESULTS / f"{kept.name}.json").read_text(encoding="utf-8"))

    assert report["figure"] == kept.figure
    assert report["verdict"] == kept.verdict
    assert report["spread"] == [min(kept.figures), max(kept.figures)]


def test_a_figure_is_the_median_of_the_rounds_ratios():
    assert row().figure == 1.0
    assert row(theirs=[]).figure == 2.0


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal("at least", 1.0), "met"),
        (Goal("at least", 1.1), "missed"),
        (Goal("at most", 1.0), "met"),
        (Goal("at most", 0.9), "missed"),
        (None, "reported"),
    ],
)
def test_a_verdict_is_by_the_goal(goal, verdict):
    assert row(goal=goal).verdict == verdict


def test_both_sides_are_measured_in_turn():
    asked = []

    def side(name):
        return lambda: asked.append(name) or float(len(asked))

    ours, theirs = rows.rounds(2, side("ours"), side("theirs"))

    assert asked == ["ours", "theirs", "theirs", "ours"]
    assert (ours, theirs) == ([1.0, 4.0], [2.0, 3.0])


def test_a_margin_is_above_one_where_the_goal_is_met():
    assert charts.margin(row(goal=Goal("at least", 0.5)), 1.0) == 2.0
    assert charts.margin(row(goal=Goal("at most", 0.5)), 1.0) == 0.5


def test_a_margin_exists_where_nothing_is_the_goal_or_the_figure():
    none = row(goal=Goal("at most", 0.0))

    assert charts.margin(none, 0.0) == float("inf")
    assert charts.margin(none, 3.0) == 0.0
    assert charts.margin(row(goal=Goal("at most", 0.5)), -1.0) == float("inf")


def test_a_day_has_as_many_requests_as_its_people_send():
    acts = day.requests_of_a_day(50_000)

    assert acts["home"] + acts["page"] + acts["widget"] == pytest.approx(200_000)
    assert acts["post"] == 15_000
    assert acts["home"] / acts["page"] == pytest.approx(70 / 15)


def test_only_growth_after_the_warm_up_counts():
    grows, flat = ("web", 7), ("mongod", 8)
    seen = {
        grows: [
            (s, (500 - s if s < 40 else 100 + 2 * s) * 1_000_000) for s in range(100)
        ],
        flat: [(s, 300_000_000) for s in range(100)],
        ("worker", 9): [(0, 1_000_000)],  # it ended
    }

    found = {each.name: each for each in day._growth(seen, 100, hour_s=10.0)}

    assert found["web"].mb_per_hour == pytest.approx(20.0)
    assert found["mongod"].mb_per_hour == 0.0
    assert set(found) == {"web", "mongod"}


def test_the_pages_can_be_made_before_and_after_the_long_rows_are_measured(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(rows, "RESULTS", tmp_path)
    monkeypatch.setattr(memory, "REPORT", tmp_path / "day_processes.json")
    pages = (report.cluster_parts, scaling.cluster_cores, memory.table)
    assert all("Not measured yet" in page() for page in pages)

    cost = {"web ms": 8.0, "nginx ms": 2.0, "load generator ms": 6.0}
    for kind in ("single", "3"):
        rows.save(replace(row(notes=cost), name=f"cluster_mix_{kind}"))
    grown = memory.Growth("web", "web", 0.5, [(0, 90.0), (60, 100.0), (120, 101.0)])
    memory.keep([grown], hour_s=10.0, warm_up_s=50.0)

    assert "| web | 8.00 ms, 50 % | 8.00 ms, 50 % |" in report.cluster_parts()
    # 10^5: 20,000 people, 21.5 requests, thrice the average, a quarter of a core.
    assert "| web | 125 | 1 | 5 | 48 | 478 |" in scaling.cluster_cores()
    assert "load generator" not in scaling.cluster_cores()
    assert "| web | 100 MB | 101 MB | 0.50 MB |" in memory.table()
    assert memory.draw(memory.report()).width == 1_100


def test_the_load_of_a_site_is_worked_out_from_how_people_behave():
    million = scaling.growth().splitlines()[3]

    assert million.startswith("| 10^6 | 10.4 | 1,040 | 139 |")
