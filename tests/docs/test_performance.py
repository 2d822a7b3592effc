"""`docs/performance.md` and its chart show what `bench/results/` has."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from bench import charts, rows, scaling
from bench.rows import RESULTS, Goal, Row

KEPT = [row for row, _ in rows.kept()]


def row(**fields):
    given = {"ours": [1.0, 3.0, 2.0], "theirs": [2.0, 2.0, 2.0], "goal": None} | fields
    return Row(name="a", what="b", reference="c", unit="s", **given)


def test_the_chart_is_of_the_results():
    with Image.open(charts.PICTURE) as picture:
        drawn = picture.info["rows"]

    assert drawn == charts.digest([one for one in KEPT if one.goal]), "make bench"


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


def test_the_load_of_a_site_is_worked_out_from_how_people_behave():
    million = scaling.growth().splitlines()[3]

    assert million.startswith("| 10^6 | 10.4 | 1,040 | 139 |")
