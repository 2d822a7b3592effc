"""Three private MongoDB servers as one replica set: it survives its primary."""

from __future__ import annotations

import os
import signal
import time
from functools import partial

import pymongo
import pytest

from kwip.embedded import replica_set
from kwip.embedded.addresses import mongodb_address
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.servers import mongod_children
from kwip.embedded.supervisor import Supervisor
from kwip.store.client import WEB_TIMEOUT_MS, connect
from tests.servers import settings_in, wait_until

MEMBERS = ["mongod-1", "mongod-2", "mongod-3"]
#: What a person waits for at most; measured 1.9 to 2.6 s.
STALL_S = 5.0


@pytest.fixture
def three(short_path):
    """Return the folder of a running set of three, and the number of each process."""
    home = HomeFolder(short_path / "home")
    home.prepare()
    supervisor = Supervisor(home, wait=_wait, said=print)
    try:
        supervisor.start(mongod_children(settings_in(home.root), home, MEMBERS), 0.0)
        set_up = partial(replica_set.set_up, home, home.secret("mongodb"))
        set_up(deadline_s=60, members=MEMBERS)
        yield home, supervisor.pids
    finally:
        supervisor.stop()


def _wait(seconds):
    time.sleep(seconds)
    return False


def test_a_primary_that_hangs_is_replaced_while_the_client_waits(three):
    home, pids = three
    with connect(mongodb_address(home, MEMBERS), timeout_ms=WEB_TIMEOUT_MS) as client:
        numbers = client.kwip.numbers
        numbers.insert_one({"_id": 0})
        old, _ = client.primary
        member = next(m for m in MEMBERS if str(home.socket(m)) == old)
        os.kill(pids[member], signal.SIGSTOP)
        began = time.monotonic()

        wait_until(lambda: _is_stored(numbers, 1))

        assert time.monotonic() - began < STALL_S
        assert client.primary[0] != old
        assert [found["_id"] for found in numbers.find()] == [0, 1]


def _is_stored(numbers, number):
    """Repeat a write until it is acknowledged, as a client with a key does."""
    try:
        numbers.insert_one({"_id": number})
    except pymongo.errors.DuplicateKeyError:
        return True
    except pymongo.errors.PyMongoError:
        return False
    return True
