"""A writer that cannot reach Redis, and a reader in another process that can."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace

import pytest

from kwip.services.coherence.cache_lease import FenceTimes
from tests.cache.nodes import TENTH_CALLS, Node
from tests.servers import wait_until

#: A reader that looks at the fence as rarely as its lease allows. The times are the
#: real ones, for a busy machine must not lose a lease, nor end it by a look.
DROWSY = replace(FenceTimes(), period_s=1.8)
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
        assert self._pipe.poll(60)
        return self._pipe.recv()

    def stop(self):
        self._pipe.send(None)
        self._process.join(60)
        assert self._process.exitcode == 0
        self._pipe.close()


@pytest.fixture
def new_reader(endpoints):
    """Return a function that starts a reader, which then holds its first lease."""
    readers = []

    def start():
        readers.append(Reader(endpoints))
        return readers[-1]

    yield start
    for reader in readers:
        reader.stop()


def hits_before(reader):
    """Say whether the reader holds its first lease and reads the old value by it."""
    return reader.read() == ("before", 1)


@pytest.fixture
def cut_off(node):
    """Return a function that makes a writer which cannot reach Redis."""

    def make(times):
        node(times=FenceTimes()).write(1, "before")
        writer = node(NOWHERE, times)
        assert writer.fence.await_lease(30)
        return writer

    return make


def test_no_lease_outlives_an_acknowledgement_whose_invalidation_failed(
    cut_off, new_reader
):
    writer, reader = cut_off(FenceTimes()), new_reader()
    wait_until(lambda: hits_before(reader))

    writer.write(1, "after")

    assert reader.read() == ("after", None)


def test_without_the_wait_the_older_value_is_read(cut_off, new_reader):
    """Show that the test above can fail: only the wait stands between."""
    writer, reader = cut_off(replace(FenceTimes(), wait_s=0.0)), new_reader()
    wait_until(lambda: hits_before(reader))

    writer.write(1, "after")

    assert reader.read() == ("before", 1)
