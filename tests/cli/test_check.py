"""What `kwip check` and `kwip doctor` find out about the processes of a site."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from config.settings import load
from kwip.domain.clock import system_clock_ms
from kwip.embedded import endpoints as endpoints_of
from kwip.services.maintenance import migration
from kwip.store.present_indexes import ensure_indexes
from kwip.store.upgrades import SCHEMAS
from kwip.wiring import build

KEYS = ("3f9c1b7a8e5d2046af3b9c8d7e6f5a41", "77aa0c1e9d8b4f3625e1d0c9b8a7f605")


@pytest.fixture
def start(environ):
    """Return a function that starts a process with these roles and other settings."""
    made = []

    def start(*roles, **changed):
        settings = load({**environ, **changed})
        made.append(build(settings, endpoints_of(settings), role="web"))
        made[-1].presence.start(*roles)
        made[-1].presence.save()
        return made[-1]

    yield start
    for each in made:
        each.close()


def where(run, number=0):
    found = run.json["processes"][number]
    return f"web on {found['host']} (process {found['pid']})"


def test_processes_with_the_same_settings_fit(kwip, start):
    start("web")
    start("worker", "sweeper")
    start("worker")
    run = kwip("check", "web", "--json")
    roles = {tuple(process["roles"]) for process in run.json["processes"]}

    assert (run.code, run.json["findings"]) == (0, [])
    assert roles == {("web",), ("worker", "sweeper"), ("worker",)}
    assert "No problems found" in kwip("check").out


def test_settings_that_differ_are_named_without_secrets(kwip, start):
    changed = {
        "KWIP_ORIGIN": "https://kwip.example.org",
        "KWIP_PULL_FOLLOWERS": "5",
        "KWIP_SECRET_KEY": KEYS[0],
        "KWIP_LIVE_ORIGIN": "same",
        "KWIP_MEDIA_BY_PROXY": "1",
        "KWIP_TRUSTED_PROXIES": "1",
    }
    start("web", **changed)
    start("web", **changed)
    run = kwip("check", "--json")
    both = f"{where(run)}, {where(run, 1)}"

    assert run.code == 1
    assert run.json["findings"] == [
        f"KWIP_LIVE_ORIGIN: http://127.0.0.1:8001 here, same in {both}",
        f"KWIP_MEDIA_BY_PROXY: 0 here, 1 in {both}",
        f"KWIP_ORIGIN: http://127.0.0.1:8000 here, https://kwip.example.org in {both}",
        f"KWIP_PULL_FOLLOWERS: 10000 here, 5 in {both}",
        f"KWIP_SECRET_KEY: other keys here than in {both}",
        f"KWIP_TRUSTED_PROXIES: 0 here, 1 in {both}",
    ]
    assert KEYS[0] not in run.out


def test_a_media_folder_of_its_own_is_named(kwip, start, tmp_path):
    start("worker")
    start("live", KWIP_MEDIA_FOLDER=str(tmp_path / "unused"))
    start("web", KWIP_MEDIA_FOLDER=str(tmp_path / "other"))
    run = kwip("check", "--json")

    what = "KWIP_MEDIA_FOLDER: another folder here than the one mounted in"

    assert run.json["findings"] == [f"{what} {where(run, 1)}"]
    assert kwip("check", "live").code == 0
    assert not (tmp_path / "unused").exists()


def test_keys_may_be_changed_one_machine_after_the_other(kwip_in, environ, start):
    old, new = KEYS
    start("web", KWIP_SECRET_KEY=f"{new} {old}")
    run = {
        keys: kwip_in({**environ, "KWIP_SECRET_KEY": keys}, "check").code
        for keys in (f"{old} {new}", f"{new} {old}", new, old)
    }

    assert run == {f"{old} {new}": 0, f"{new} {old}": 0, new: 0, old: 1}


def test_a_wrong_clock_and_another_version_are_named(kwip, start, mongodb):
    start("web").presence._loop.stop()
    changed = {"skew_ms": -3_100, "version": "0.0.9"}
    mongodb["processes"].update_one({}, {"$set": changed})
    run = kwip("check", "--json")

    assert run.code == 1
    assert run.json["findings"] == [
        (f"clock: 3.1 s behind MongoDB's in {where(run)}: use NTP on every machine"),
        f"version: 0.1.0 here, 0.0.9 in {where(run)}",
    ]


def test_a_process_whose_clock_is_far_behind_is_seen(kwip, start):
    presence = start("web").presence
    presence._loop.stop()
    presence._clock = lambda: system_clock_ms() - 90_000
    presence._skew_ms = lambda: -90_000
    presence.save()

    assert len(kwip("check", "--json").json["findings"]) == 1


def test_what_has_ended_or_was_killed_is_not_shown(kwip, start, mongodb):
    start("web").close()
    start("worker").presence._loop.stop()
    long_ago = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    mongodb["processes"].update_one({}, {"$set": {"expires_at": long_ago}})

    assert kwip("check", "--json").json["processes"] == []
    assert mongodb["processes"].count_documents({}) == 1


def test_missing_indexes_are_a_finding(kwip, mongodb):
    mongodb.posts.drop_index("root_id_1__id_1")
    run = kwip("check", "--json")
    ensure_indexes(mongodb)

    assert run.json["findings"] == [
        "database: 1 index missing: run `kwip db indexes --apply`"
    ]


def test_doctor_finds_roles_that_run_nowhere(kwip, start):
    start("web")
    run = kwip("doctor", "--json")

    assert run.code == 1
    assert run.json["findings"] == [
        f"{role}: not running on any machine: start it: `kwip serve {role}`"
        for role in ("worker", "sweeper", "live")
    ]


def test_doctor_is_content_with_a_site_of_roles(kwip, start):
    for role in ("web", "live", "worker"):
        start(role)
    for loop in start("sweeper").loops:
        loop.beat()
    run = kwip("doctor", "--json")

    assert (run.code, run.json["findings"]) == (0, [])
    assert len(run.json["site"]) == 4


def test_doctor_finds_a_sweeper_that_hangs(kwip, start):
    for role in ("web", "live", "worker", "sweeper"):
        start(role)
    run = kwip("doctor", "--json")

    assert run.json["findings"] == [
        f"{loop}: no heartbeat: look for `loop_failed` in its log"
        for loop in ("sweeper", "change_stream")
    ]


def test_a_release_waits_for_versions_that_could_not_read_each_other(
    kwip, start, monkeypatch
):
    site = start("web", "live", "worker", "sweeper")
    for loop in site.loops:
        loop.beat()
    row = replace(site.presence._row, version="0.0.9")
    site.processes.save(replace(row, id="old", schemas={"posts": 5}, readable_from={}))
    run = kwip("deploy", "check", "--json")

    where = f"web+live+worker+sweeper on {row.host} (process {row.pid})"
    assert (run.code, run.json["findings"]) == (0, []), run.err
    assert f"version: 0.1.0 here, 0.0.9 in {where}" in run.json["notes"]
    assert any("posts: run `kwip db migrate` after" in n for n in run.json["notes"])

    newer = {**SCHEMAS, "posts": SCHEMAS["posts"] + 2}
    reads = {"posts": SCHEMAS["posts"] + 1}
    row = replace(row, id="new", schemas=newer, readable_from=reads)
    site.processes.save(row)
    monkeypatch.setattr(migration, "readable_from", lambda: {"posts": 6})
    run = kwip("deploy", "check", "--json")

    assert run.code == 1
    newer_one, older_one = sorted(run.json["findings"], reverse=True)
    assert newer_one.startswith("posts: this version cannot read what Kwip 0.0.9")
    assert older_one.startswith(f"posts: Kwip 0.0.9, {where}, cannot read what this")
