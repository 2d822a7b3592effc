"""The alerts and the dashboard name what exists, and every alert is tested."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
import yaml
from prometheus_client import Counter, Gauge, Histogram

from config.addresses import metrics_port, role_metrics_port
from config.settings import PROJECT
from kwip import telemetry
from tests.docs.test_pages import anchors_of
from tests.ops.alerting import FOLDER, binaries, rules

RULES = [rule for group in rules()["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((FOLDER / "grafana.json").read_text())


def series():
    """Give the names of all series, as Prometheus has them."""
    names = set(telemetry.AT_SCRAPE)
    for metric in vars(telemetry).values():
        if isinstance(metric, Counter):
            names.add(f"{metric._name}_total")
        elif isinstance(metric, Histogram):
            names |= {f"{metric._name}_{part}" for part in ("bucket", "sum", "count")}
        elif isinstance(metric, Gauge):
            names.add(metric._name)
    return names


def named_in(expressions):
    return {name for text in expressions for name in re.findall(r"\bkwip_\w+", text)}


@pytest.mark.parametrize(
    "command",
    [
        ("check", "rules", "rules.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "rules.test.yml"),
    ],
    ids=" ".join,
)
def test_promtool_accepts(command):
    run = subprocess.run(
        [binaries() / "promtool", *command],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "SUCCESS" in run.stdout + run.stderr


def test_the_example_reads_the_metrics_of_every_role():
    example = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    [site] = example["scrape_configs"][0]["static_configs"]
    first = metrics_port({"port": 8000})
    ports = [
        role_metrics_port(first, role) for role in ("web", "live", "worker", "sweeper")
    ]

    assert site["targets"] == [f"127.0.0.1:{port}" for port in ports]


def test_every_alert_fires_in_a_unit_test():
    tested = re.findall(r'alertname="(\w+)"', (FOLDER / "rules.test.yml").read_text())

    assert set(tested) == {rule["alert"] for rule in RULES}


def test_every_alert_says_what_is_wrong_and_where_to_read_on():
    for rule in RULES:
        notes = rule["annotations"]
        page, _, section = notes["runbook"].partition("#")

        assert notes["summary"], rule["alert"]
        assert notes["description"], rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert section in anchors_of(PROJECT / page), rule["alert"]


def test_alerts_only_use_series_that_exist():
    assert named_in(rule["expr"] for rule in RULES) <= series()


def test_every_panel_shows_series_that_exist():
    panels = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
    for panel in panels:
        expressions = [target["expr"] for target in panel["targets"]]

        assert named_in(expressions), panel["title"]
        assert named_in(expressions) <= series(), panel["title"]
