"""Services on real servers, with the queue replaced by a list of rings."""

from __future__ import annotations

from functools import partial

import pytest
import redis

from kwip.jobs.registry import jobs
from kwip.wiring import Options, build
from tests.commands import Commands
from tests.wired import Rings, sign_up


@pytest.fixture
def rings():
    return Rings()


@pytest.fixture
def commands():
    return Commands()


@pytest.fixture
def redis_cache(endpoints):
    """Return a client of the cache Redis, to break what is in it."""
    with redis.Redis.from_url(endpoints.redis_cache_uri) as client:
        yield client


@pytest.fixture
def kwip(settings, endpoints, rings, commands):
    """Return the wiring of one process, with the fence's real times.

    A lease of a tenth may run out on a busy machine, and costs would change.
    """
    wiring = build(
        settings,
        endpoints,
        role="worker",
        options=Options(enqueue=rings, listeners=[commands]),
    )
    rings.jobs = jobs(wiring.services)
    assert wiring.fence.await_lease(within_s=30)
    yield wiring
    wiring.close()


@pytest.fixture
def new_user(kwip):
    """Return a function that signs somebody up and gives the viewer."""
    return partial(sign_up, kwip)


@pytest.fixture
def alice(new_user):
    return new_user("alice")


@pytest.fixture
def bob(new_user):
    return new_user("bob")


@pytest.fixture
def carol(new_user):
    return new_user("carol")
