from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.app import create_app
from kwip.services.probes import Probe
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


def test_with_all_its_servers_kwip_is_ready(client):
    # The right to use the cache comes with the keeper's first look.
    wait_until(lambda: client.get("/readyz").json["status"] == "ready")

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert set(answer.json["checks"]) >= {"mongodb", "cache", "queue"}
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
