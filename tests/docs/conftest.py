"""Real services, and the pages and names that the tests compare with each other."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from pymongo.monitoring import CommandListener

from kwip.domain.posts import Draft
from kwip.jobs.registry import jobs
from kwip.wiring import Options, build
from tests.services import test_budgets as budgets
from tests.services.conftest import Rings, new_user, redis_cache, rings

__all__ = ["new_user", "redis_cache", "rings"]


@dataclass
class Steps(CommandListener):
    """What a process asked of its servers, in order, in words."""

    seen: list[str] = field(default_factory=list)

    def started(self, event):
        # A cursor goes on by its number; its collection stands beside it.
        is_more = event.command_name == "getMore"
        collection = event.command["collection" if is_more else event.command_name]
        self.seen.append(f"MongoDB: `{event.command_name} {collection}`")

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


@pytest.fixture
def steps():
    return Steps()


@pytest.fixture
def kwip(settings, endpoints, rings: Rings, steps):
    """Return the wiring of one process, with the real times of the fence."""
    wiring = build(
        settings,
        endpoints,
        role="worker",
        options=Options(bell=rings, listeners=[steps]),
    )
    rings.jobs = jobs(wiring.services)
    assert wiring.fence.await_lease(within_s=10)
    yield wiring
    wiring.close()


@pytest.fixture
def world(kwip, rings, new_user):
    """Return a viewer who follows two people, and a thread of theirs.

    Small, for these tests need the order of what is asked, not its amount.
    """
    viewer, author, other = (new_user(name) for name in ("viewer", "author", "other"))
    for followee in (author, other):
        kwip.services.relationships.follow(viewer, followee.id)
    root = kwip.services.posts.publish(author.id, Draft(text="The beginning"))
    reply = Draft(text="A reply", in_reply_to_id=root.id)
    kwip.services.posts.publish(other.id, reply)
    rings.run()
    credential = budgets.credential_of(kwip, viewer)
    return budgets.World(viewer.id, credential, author.id, root.id)
