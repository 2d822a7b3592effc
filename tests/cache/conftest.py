"""A client and the cached entities on a real Valkey."""

from __future__ import annotations

import pytest
import redis

from kwip.cache.client import Client, ClientTimes
from kwip.cache.entity_cache import CacheLease, EntityCache
from kwip.services.coherence.cache_lease import FenceTimes
from tests.cache.nodes import TENTH, TENTH_CALLS, Node


@pytest.fixture
def mongodb(mongodb):
    """Return it without a fence, which these tests see come."""
    mongodb["cache_fence"].delete_many({})
    return mongodb


@pytest.fixture
def client(endpoints):
    client = Client(endpoints.redis_cache_uri)
    yield client
    client.close()


@pytest.fixture
def objects(client):
    return EntityCache(client)


@pytest.fixture
def lease():
    return CacheLease("deployment", 3)


@pytest.fixture
def raw(endpoints):
    """Return a plain client, to look at what is stored and to break it."""
    with redis.Redis.from_url(endpoints.redis_cache_uri) as plain:
        yield plain


@pytest.fixture
def node(endpoints):
    """Return a function that makes what one process has of the cache.

    By default on the shared Valkey, with a tenth of the real times.
    """
    made = []

    def make(redis_uri=None, times=TENTH, call_times=TENTH_CALLS, **options):
        uri = redis_uri or endpoints.redis_cache_uri
        made.append(Node(endpoints, uri, times, call_times, **options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def leased(node):
    """Return such a process that holds a lease with the real times."""
    made = node(times=FenceTimes(), call_times=ClientTimes())
    assert made.fence.await_lease(30)
    return made
