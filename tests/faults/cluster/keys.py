"""The same request from many at once, while the primary dies."""

from __future__ import annotations

import threading
import time
import uuid

from tests.faults.cluster.load import Client
from tests.servers import wait_until

TIMES, BURSTS = 50, 5
#: The burst during which the primary is killed, and how long after its beginning.
KILLED_IN, AFTER_S = 1, 0.05


def same_key(cluster):
    """Send each of some requests 50 times at once; kill the primary during one."""
    primary, term = cluster.primary(), cluster.term()
    waited = 0
    for number in range(BURSTS):
        burst = _Burst(cluster)
        burst.start()
        if number == KILLED_IN:
            time.sleep(AFTER_S)
            waited = burst.waiting()
            cluster.kill(primary)
        burst.end()
        cluster.wrong["doubled"] += len(burst.ids) - 1
    wait_until(lambda: cluster.primary() != primary)
    wait_until(cluster.is_whole)
    elections = cluster.term() - term
    requests = TIMES * BURSTS
    return {"elections": elections, "same requests": requests, "waiting then": waited}


class _Burst:
    """One request that is sent by 50 clients at once, each until it is answered."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._text = f"{cluster.load.name} at once {uuid.uuid4()}"
        self._key = str(uuid.uuid4())
        self._all = threading.Barrier(TIMES + 1)
        self._threads = [threading.Thread(target=self._send) for _ in range(TIMES)]
        self._answers = []

    def start(self):
        for thread in self._threads:
            thread.start()
        self._all.wait()

    def waiting(self):
        """Count the clients that have no answer yet."""
        return TIMES - len(self._answers)

    def end(self):
        for thread in self._threads:
            thread.join()

    @property
    def ids(self):
        return set(self._answers) - {None}

    def _send(self):
        cluster = self._cluster
        client = Client(cluster.port, cluster.people[0])
        self._all.wait()
        self._answers.append(cluster.load.write(client, self._text, self._key))
        client.close()
