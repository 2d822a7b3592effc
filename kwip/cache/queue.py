"""The connection to the queue Redis, which holds bells and nothing that matters."""

from __future__ import annotations

import redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

#: What a queue call may raise; callers wait for the sweeper instead.
QueueError = RedisError

#: A ring may keep a writer waiting so long, in seconds, and then goes without.
_RING_TIMEOUT_S = 0.2
#: A worker has nothing better to do than to wait for its queue, in seconds.
_FETCH_TIMEOUT_S = 5.0


def connect_queue(uri: str, *, is_worker: bool) -> redis.Redis:
    """Make a client without retries: redis-py's own keep a caller for 6 s and more."""
    timeout_s = _FETCH_TIMEOUT_S if is_worker else _RING_TIMEOUT_S
    return redis.Redis.from_url(
        uri,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )
