"""`kwip routes`: the table without a running stack."""

from __future__ import annotations

from kwip.blueprints.routes import AREAS

FIELDS = ("auth", "permission", "scope", "quota", "cache", "csrf", "secondaries", "why")


def test_all_routes_are_listed_or_those_of_a_part(kwip):
    everything = kwip("routes", "--json").json["routes"]
    lines = kwip("routes", "/setup").out.splitlines()

    assert len(everything) == sum(len(area) for area in AREAS.values())
    assert lines[0].split() == ["method", "rule", *FIELDS]
    assert ["POST", "/setup"] in [line.split()[:2] for line in lines[1:]]
    assert all("/setup" in line for line in lines[1:])


def test_only_reads_that_nobody_waits_for_come_from_secondaries():
    rows = [(r, r.policy) for routes in AREAS.values() for r in routes]
    allowed = {r.rule: p for r, p in rows if p.secondaries != "nobody"}

    assert {r.method for r, p in rows if p.secondaries != "nobody"} == {"GET"}
    assert {p.auth for p in allowed.values()} == {"none", "optional", "optional_token"}
    assert {p.auth for p in allowed.values() if p.secondaries == "everybody"} == {
        "none"
    }
    assert "/@<name:username>.<feed:extension>" in allowed


def test_a_part_that_no_route_has_is_an_error(kwip):
    found = kwip("routes", "/nothing-like-it")

    assert found.code == 2
    assert "no route contains '/nothing-like-it'" in found.err
