"""Fill the disk under a whole stack and make room again; write what visitors saw.

Run as a program, with a folder on a small disk.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pymongo
import redis
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from kwip import telemetry
from kwip.embedded.children import ROLE, marked
from tests.ops.disk import fill
from tests.ops.stack import Stack
from tests.servers import wait_until

KWIP = (sys.executable, "-c", "from kwip.cli import main; main()")
#: MongoDB writes into what it has set aside before it needs room, and looks for it at
#: each checkpoint.
DOWN_S = 180.0
#: For a busy machine; the test says what is too long.
BACK_S = 120.0


def main(folder):
    stack = Stack(folder / "home")
    try:
        stack.start(*KWIP, "up")
        sys.stdout.write(json.dumps(story(stack)))
        stack.end()
    finally:
        stack.clean_up()


def story(stack):
    before, seen = programs(stack), set()

    def has_suffered():
        seen.add(status_of(stack))
        return 503 in seen and "mongod ended" in stack.log()

    with kept_full(stack, stack.home.root):
        wait_until(has_suffered, DOWN_S)
        seen |= {status_of(stack) for _ in range(3)}
    began = time.time()
    wait_until(lambda: status_of(stack) == 200, BACK_S)
    wait_until(lambda: oldest_heartbeat(stack) > began, BACK_S)
    wait_until(lambda: takes_jobs(stack), BACK_S)
    return {
        "seen": sorted(seen),
        "back_after_s": time.time() - began,
        "are_the_same": before == programs(stack),
    }


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


def status_of(stack):
    """Ask for the front page; a refused connection is an error."""
    try:
        with urlopen(stack.settings.origin) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def oldest_heartbeat(stack):
    return min(telemetry.heartbeats(stack.home.metrics, lambda _: True).values())


def takes_jobs(stack):
    with redis.Redis.from_url(stack.endpoints.redis_queue_uri) as queue:
        try:
            return queue.set("job", "1")
        except RedisError:
            return False


def programs(stack):
    found = [(p.environ()[ROLE], p.pid) for p in marked(stack.home)]
    return {each for each in found if each[0] in {"web", "live", "worker"}}


def write(stack):
    """Have MongoDB use its disk, as people who write would."""
    with (
        suppress(PyMongoError),
        pymongo.MongoClient(
            stack.endpoints.mongodb_uri, w=1, timeoutMS=5_000
        ) as client,
    ):
        client.kwip.jobs.insert_many({"text": "x" * 1_000_000} for _ in range(10))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
