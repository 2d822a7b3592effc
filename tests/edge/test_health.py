from __future__ import annotations

import re
from dataclasses import replace

import pytest

from kwip.app import create_app
from kwip.domain.clock import at, system_clock_ms
from kwip.domain.errors import StoreUnavailableError
from kwip.services.coherence import probes
from kwip.services.coherence.probes import IndexProbe, Probe, probe_loops
from kwip.services.maintenance.heartbeats import Heartbeats
from kwip.store.present_indexes import ensure_indexes
from tests.servers import wait_until

GOOD = Probe(ok=True, detail="fine", is_needed=True)
NEEDED = Probe(ok=False, detail="there is no primary", is_needed=True)
LOST = Probe(ok=False, detail="not in use", is_needed=False)


def ready(wiring, settings, **probes):
    app = create_app(
        replace(wiring, probes={n: lambda p=p: p for n, p in probes.items()}), settings
    )
    return app.test_client().get("/readyz")


def test_a_living_process_looks_at_no_server(wiring, settings):
    def fail():
        raise AssertionError

    app = create_app(replace(wiring, probes={"mongodb": fail}), settings)

    answer = app.test_client().get("/livez")

    assert answer.status_code == 200
    assert answer.json == {"status": "ok"}


def test_with_all_its_servers_and_loops_kwip_is_ready(client, wiring):
    for loop in wiring.loops:
        loop.beat()
    # The right to use the cache comes with the lease renewer's first look.
    wait_until(lambda: client.get("/readyz").json["status"] == "ready")

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert set(answer.json["checks"]) >= {"mongodb", "cache", "queue", "loops"}
    assert all(check["ok"] for check in answer.json["checks"].values())


@pytest.mark.parametrize(
    ("probes", "number", "status"),
    [
        ({"mongodb": GOOD, "cache": LOST}, 200, "degraded"),
        ({"mongodb": NEEDED, "cache": GOOD}, 503, "unready"),
        ({"mongodb": NEEDED, "cache": LOST}, 503, "unready"),
    ],
)
def test_without_a_redis_it_is_degraded_and_without_mongodb_unready(
    wiring, settings, probes, number, status
):
    answer = ready(wiring, settings, **probes)

    assert answer.status_code == number
    assert answer.json["status"] == status
    for name, probe in probes.items():
        assert answer.json["checks"][name] == {"ok": probe.ok, "detail": probe.detail}


@pytest.fixture
def loops(wiring):
    """Return a function that asks what is said of the loops, which all beat."""
    for loop in wiring.loops:
        loop.beat()

    def ask():
        found = wiring.probes["loops"]()
        assert not found.is_needed
        return found.ok, found.detail

    assert ask() == (True, "running")
    return ask


def test_a_loop_of_any_process_that_is_not_heard_of_is_told(loops, mongodb):
    ago = at(system_clock_ms() - 40_500)
    mongodb["jobs"].update_one({"_id": "loop:sweeper"}, {"$set": {"updated_at": ago}})
    mongodb["jobs"].delete_one({"_id": "loop:change_stream"})

    is_ok, detail = loops()

    assert not is_ok
    assert re.fullmatch(
        "sweeper: no heartbeat for 4. s, change_stream: no heartbeat", detail
    )


def test_a_loop_of_this_process_that_is_stuck_is_told(loops, wiring):
    wiring.lease_renewer.watch.loop.stop()
    wiring.lease_renewer.watch.loop._beat_at -= 40

    is_ok, detail = loops()

    assert not is_ok
    assert re.fullmatch("lease_renewer: no heartbeat for 4. s", detail)


def test_mongodb_is_asked_for_heartbeats_only_while_it_answers():
    def fail():
        raise StoreUnavailableError

    assert probe_loops(list, fail, lambda: False).ok
    found = probe_loops(list, fail, lambda: True)
    assert (found.ok, found.detail) == (False, "MongoDB is not responding")


def test_a_site_without_all_indexes_is_not_ready_until_they_are_created(
    wiring, mongodb, monkeypatch
):
    monkeypatch.setattr(probes, "INDEXES_EVERY_S", 0.0)
    mongodb.posts.drop_index("root_id_1__id_1")
    before = wiring.probes["indexes"]()
    ensure_indexes(mongodb)
    after = wiring.probes["indexes"]()

    assert (before.ok, before.is_needed) == (False, True)
    assert before.detail == "1 missing: run `kwip db indexes --apply`"
    assert (after.ok, after.detail) == (True, "complete")


def test_indexes_are_not_looked_for_again_once_all_were_there():
    answers = iter([StoreUnavailableError, ["posts.a"], []])
    now_s = [100.0]

    def missing():
        answer = next(answers)
        if answer is StoreUnavailableError:
            raise answer
        return answer

    probe = IndexProbe(missing, lambda: now_s[0])
    found = []
    for pause_s in (0, 0, 1, 5, 5, 5):
        now_s[0] += pause_s
        found.append(probe().ok)

    assert found == [False, False, False, True, True, True]


def test_a_heartbeat_is_stored_once_in_ten_seconds(mongodb, wiring):
    now = [1_000_000]
    beats = Heartbeats(wiring.jobs, lambda: now[0], ["sweeper"])
    stored = []
    for _ in range(5):
        beats.beat("sweeper")
        stored.append(mongodb["jobs"].find_one({"_id": "loop:sweeper"})["updated_at"])
        now[0] += 4_000

    assert stored == [at(ms) for ms in (1_000_000,) * 3 + (1_012_000,) * 2]
    assert beats.silent_s() == {"sweeper": 8}
