"""Failovers one after the other, and back to the first primary."""

from __future__ import annotations

import time
from contextlib import suppress

import pymongo

from kwip.cli.cluster import MEMBERS
from tests.faults.cluster.acts import Acts
from tests.servers import wait_until

EVERY_S, TIMES = 8.0, 7
#: So long a member that was primary does not become it again by itself. MongoDB allows
#: no less than 10 s.
STEPPED_DOWN_S, BACK_S = 10, 20


def step_downs(cluster):
    """Let the primary step down every 8 s, while people do all kinds of things."""
    term = cluster.term()
    acts = Acts(cluster)
    acts.start()
    for _ in range(TIMES):
        _step_down(cluster, STEPPED_DOWN_S)
        time.sleep(EVERY_S)
    acts.stop()
    cluster.wrong["acts lost"] += acts.lost()
    wait_until(cluster.is_whole)
    return {"elections": cluster.term() - term, "acts": acts.done}


def failback(cluster):
    """Kill the primary, and make it the primary again once it is back."""
    first, term = cluster.primary(), cluster.term()
    before = cluster.kill(first)
    wait_until(lambda: cluster.primary() != first)
    wait_until(lambda: cluster.is_back(first, before) and cluster.is_whole())
    time.sleep(2.0)  # some writes that it has to copy
    third = next(m for m in MEMBERS if m not in {first, cluster.primary()})
    cluster.ask(third, "replSetFreeze", BACK_S)
    _step_down(cluster, BACK_S)
    wait_until(lambda: cluster.primary() == first)
    cluster.ask(third, "replSetFreeze", 0)
    wait_until(cluster.is_whole)
    return {"elections": cluster.term() - term, "primary again": 1}


def _step_down(cluster, seconds):
    with suppress(pymongo.errors.PyMongoError):
        cluster.client.admin.command("replSetStepDown", seconds)
