"""A worker that dies while it tells a device: another one goes on, once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kwip.domain.clock import system_clock_ms
from kwip.domain.posting.posts import Draft
from kwip.jobs.registry import jobs
from kwip.services.push.pushing import LEASE
from tests.jobs.steps import KilledError
from tests.push_service import one_push_service, push
from tests.servers import settings_in
from tests.wired import sign_up

__all__ = ["one_push_service", "push"]


@pytest.fixture
def settings(tmp_path, push):
    return settings_in(tmp_path / "home", KWIP_PUSH_ALLOW=push.place)


@pytest.fixture
def kwip(make_worker, rings, clock):
    wiring = make_worker(id_clock=clock)
    # Leases run out by the clock that is moved; this one must stay right.
    wiring.services.clock_guard._clock = system_clock_ms
    rings.jobs = jobs(wiring.services)
    return wiring


@pytest.fixture
def device(kwip, push):
    alice = sign_up(kwip, "alice")
    access = kwip.services.authentication
    begun = access.begin_session(alice.id, alice.username, "Firefox")
    made = push.device()
    viewer = replace(alice, digest=begun.id.digest)
    found = kwip.services.push_subscriptions.subscribe(viewer, made.target())
    made.id = found.id
    return made


@pytest.fixture
def tell(kwip, rings):
    """Return a function that mentions Alice, and leaves the device's job waiting."""
    bob = sign_up(kwip, "bob")

    def tell():
        post = kwip.services.posts.publish(bob.id, Draft(text="@alice hello"))
        rings.waiting.clear()
        rings.jobs["fanout"](str(post.id))
        rings.waiting.clear()

    return tell


@pytest.fixture
def others_go_on(kwip, rings, clock):
    """Return a function that lets other workers go on after the lease."""

    def others_go_on():
        clock.ahead_ms += round(LEASE.total_seconds() * 1_000) + 1
        kwip.sweeper.sweep()
        rings.run()

    return others_go_on


def test_a_device_is_told_once_wherever_its_worker_dies(
    kwip, steps, device, tell, others_go_on
):
    step, is_killed = 0, True
    while is_killed:
        device.got.clear()
        tell()
        is_killed = steps.kill(step, lambda: kwip.services.pushing.settle(device.id))
        others_go_on()
        assert len(device.got) == 1, step
        step += 1

    assert step >= 4, steps.names  # leased, pushed, at rest


def test_a_device_is_told_alike_if_its_worker_dies_after_the_ok(
    kwip, push, device, tell, others_go_on, monkeypatch
):
    tell()
    store = kwip.services.pushing.store

    def die(*_):
        raise KilledError

    monkeypatch.setattr(type(store), "pushed", die)
    with pytest.raises(KilledError):
        kwip.services.pushing.settle(device.id)
    monkeypatch.undo()
    others_go_on()

    first, second = device.got
    assert first == second
    assert len({headers["Topic"] for headers in device.headers}) == 1
