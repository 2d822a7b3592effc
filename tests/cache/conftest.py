"""A client and the cached entities on a real Valkey."""

from __future__ import annotations

import pytest
import redis

from kwip.cache.client import Client
from kwip.cache.objects import Lease, Objects


@pytest.fixture
def client(endpoints):
    client = Client(endpoints.redis_cache_uri)
    yield client
    client.close()


@pytest.fixture
def objects(client):
    return Objects(client)


@pytest.fixture
def lease():
    return Lease("deployment", 3)


@pytest.fixture
def raw(endpoints):
    """Return a plain client, to look at what is stored and to break it."""
    with redis.Redis.from_url(endpoints.redis_cache_uri) as plain:
        yield plain
