"""Services on real servers, with the queue replaced by a list of rings."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import redis
from pymongo.monitoring import CommandListener

from kwip.domain.users import Viewer
from kwip.jobs.registry import jobs
from kwip.services.keeper import FenceTimes
from kwip.services.users import SignUp
from kwip.wiring import Options, build


@dataclass
class Rings:
    """The bell: remembers what it was rung for, until `run` does it."""

    waiting: list = field(default_factory=list)
    jobs: dict = field(default_factory=dict)

    def __call__(self, job, job_id):
        self.waiting.append((job, job_id))

    def run(self):
        """Do every job that was rung for, and those that these ring for."""
        while self.waiting:
            job, job_id = self.waiting.pop(0)
            self.jobs[job](job_id)


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
    """Return the wiring of one process; its fence takes a tenth of the real times."""
    wiring = build(
        settings,
        endpoints,
        role="worker",
        options=Options(
            bell=rings,
            fence_times=FenceTimes().scaled(0.1),
            listeners=[commands],
        ),
    )
    rings.jobs = jobs(wiring.services)
    assert wiring.fence.await_lease(within_s=10)
    yield wiring
    wiring.close()


@pytest.fixture
def new_user(kwip):
    """Return a function that signs somebody up and gives the viewer."""

    def sign_up(username):
        user = kwip.services.users.sign_up(
            SignUp(
                username=username,
                email=f"{username}@example.org",
                password="correct horse",
            )
        )
        return Viewer(id=user.id, username=user.username, digest="0" * 64)

    return sign_up
