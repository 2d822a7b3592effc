"""Real services, and the pages and names that the tests compare with each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import pytest
from pymongo.monitoring import CommandListener

from kwip.cache.client import Client, ClientTimes
from kwip.domain.posting.posts import Draft
from kwip.domain.timelines.lists import ListChange
from kwip.jobs.registry import jobs
from kwip.services.coherence.cache_lease import FenceTimes
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
        collection = event.command.get("collection" if is_more else event.command_name)
        self.seen.append(f"MongoDB: `{event.command_name} {collection}`")

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


@pytest.fixture(autouse=True)
def nothing_lags():
    """Let lag what may: the pages say so."""


@pytest.fixture
def steps():
    return Steps()


@pytest.fixture
def kwip(settings, endpoints, rings: Rings, steps, monkeypatch):
    """Return the wiring of one process that no busy machine makes impatient.

    A call to Redis that took 200 ms, or a late look at the fence, would be followed by
    other steps than those that the pages list.
    """
    monkeypatch.setattr(
        "kwip.services.reading.slices.ENTRIES_BYTES", 0
    )  # it has just begun
    patient = partial(Client, times=ClientTimes(call_s=5.0))
    monkeypatch.setattr("kwip.wiring.process.Client", patient)
    wiring = build(
        settings,
        endpoints,
        role="worker",
        options=Options(
            enqueue=rings, listeners=[steps], fence_times=FenceTimes().scaled(5)
        ),
    )
    rings.jobs = jobs(wiring.services)
    assert wiring.fence.await_lease(within_s=30)
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
    listed = kwip.services.lists.create(viewer, ListChange(title="Some"))
    kwip.services.lists.add(viewer, listed.id, [author.id, other.id])
    root = kwip.services.posts.publish(author.id, Draft(text="The beginning #tea"))
    draft = Draft(text="A reply, @viewer", in_reply_to_id=root.id)
    reply = kwip.services.posts.publish(other.id, draft)
    rings.run()
    kwip.services.reactions.favourite(viewer, root.id)
    kwip.services.pins.pin(author, root.id)
    credential = budgets.credential_of(kwip, viewer)
    named_posts, named_users = (root.id, reply.id), (viewer.id, author.id)
    return budgets.World(
        viewer.id,
        credential,
        budgets.token_of(kwip, viewer.id),
        author.id,
        root.id,
        listed.id,
        named_posts,
        named_users,
    )
