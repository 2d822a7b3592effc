"""Services on real servers, with the queue replaced by a list of rings."""

from __future__ import annotations

from functools import partial

import pytest
import redis
from pymongo.monitoring import CommandListener

from kwip.jobs.registry import jobs
from kwip.wiring import Options, build
from tests.wired import Rings, sign_up


@pytest.fixture
def rings():
    return Rings()


class Commands(CommandListener):
    """Every command to MongoDB, by name; the keeper's are not among them."""

    def __init__(self):
        self.names = []

    def __len__(self):
        return len(self.names)

    def started(self, event):
        # A new connection signs in, and a thread of the driver ends what is left over.
        if event.command_name not in {"saslStart", "saslContinue", "killCursors"}:
            self.names.append(event.command_name)

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


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
        options=Options(bell=rings, listeners=[commands]),
    )
    rings.jobs = jobs(wiring.services)
    assert wiring.fence.await_lease(within_s=10)
    yield wiring
    wiring.close()


@pytest.fixture
def new_user(kwip):
    """Return a function that signs somebody up and gives the viewer."""
    return partial(sign_up, kwip)
