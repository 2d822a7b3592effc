"""Keep the disk full that MongoDB writes to, and see whether the queue takes jobs."""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress

import pymongo
import redis
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from tests.ops.disk import fill


@contextmanager
def kept_full(stack, folder):
    """Leave no room while the block runs, also when MongoDB makes some as it starts.

    `folder` is on the disk that MongoDB writes to.
    """
    is_over = threading.Event()

    def run():
        while not is_over.wait(0.1):
            fill(folder)
            write(stack)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        fill(folder).unlink()


def takes_jobs(stack):
    with redis.Redis.from_url(stack.endpoints.redis_queue_uri) as queue:
        try:
            return queue.set("job", "1")
        except RedisError:
            return False


def write(stack):
    """Have MongoDB use its disk, as people who write would."""
    with (
        suppress(PyMongoError),
        pymongo.MongoClient(
            stack.endpoints.mongodb_uri, w=1, timeoutMS=5_000
        ) as client,
    ):
        client.kwip.jobs.insert_many({"text": "x" * 1_000_000} for _ in range(10))
