"""A writer that cannot reach Redis, and a reader in another process that can."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import pytest

from kwip.services.keeper import FenceTimes
from tests.cache.nodes import TENTH_CALLS, Node
from tests.servers import wait_until

#: A lease that a busy machine does not lose between two looks.
HALF = FenceTimes().scaled(0.5)
#: A reader that looks at the fence as rarely as its lease allows.
DROWSY = replace(HALF, period_s=HALF.lease_s * 0.9)
NOWHERE = "redis://127.0.0.1:1/0"


def serve(pipe, endpoints, times):
    """Read note 1 whenever asked; tell what was read and under which epoch."""
    node = Node(endpoints, endpoints.redis_cache_uri, times, TENTH_CALLS)
    try:
        node.fence.await_lease(5)
        while pipe.recv():
            lease = node.fence.lease()
            found = node.read(1)
            pipe.send((found.text, lease and lease.epoch))
    finally:
        node.close()


class Reader:
    def __init__(self, endpoints):
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs, endpoints, DROWSY))
        self._process.start()

    def read(self):
        self._pipe.send("read")
        assert self._pipe.poll(10)
        return self._pipe.recv()

    def stop(self):
        self._pipe.send(None)
        self._process.join(10)
        assert self._process.exitcode == 0
        self._pipe.close()


@pytest.fixture
def reader(endpoints, node):
    node().write(1, "before")
    reader = Reader(endpoints)
    yield reader
    reader.stop()


def hits_before(reader):
    """Say whether the reader holds its first lease and reads the old value by it."""
    return reader.read() == ("before", 1)


def test_no_lease_outlives_an_acknowledgement_whose_drop_failed(node, reader):
    cut_off = node(NOWHERE, HALF)
    assert cut_off.fence.await_lease(5)
    wait_until(lambda: hits_before(reader))

    cut_off.write(1, "after")
    text, epoch = reader.read()

    assert text == "after"
    assert epoch is None


def test_without_the_wait_the_older_value_is_read(node, reader):
    """Show that the test above can fail: only the wait stands between."""
    hasty = node(NOWHERE, replace(HALF, wait_s=0.0))
    assert hasty.fence.await_lease(5)
    wait_until(lambda: hits_before(reader))

    hasty.write(1, "after")

    assert reader.read() == ("before", 1)
