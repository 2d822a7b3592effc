"""Faults between web servers and MongoDB: replies that get lost, come late or never."""

from __future__ import annotations

import time
from contextlib import contextmanager

from tests.faults.cluster.between import Between
from tests.faults.cluster.inflict import LONG_S, reload_web
from tests.faults.cluster.load import Load, figures

#: So many write while MongoDB is slow, besides the others: more than there are threads.
CROWD = 30
#: The longest that anybody waits for an answer, also for a refusal.
LONGEST_S = 8.0
#: After the fault, everybody is served again within this long.
RECOVERED_S = 4.0


def lose_replies(cluster):
    """Let transactions be committed, and lose the replies, again and again."""
    with _between(cluster) as proxy:
        cluster.mark()
        for _ in range(3):
            proxy.mode = "lose"
            time.sleep(LONG_S / 3)
            proxy.mode = "pass"
            time.sleep(1.0)
    failed = cluster.load.failed("post", cluster.began)
    return {"commits without reply": proxy.counts["replies to commits lost"]} | {
        "writes repeated": failed
    }


def slow_replies(cluster):
    """Let each reply of MongoDB come 200 ms later, while many write."""
    return _overload(cluster, "slow")


def no_replies(cluster):
    """Let no reply of MongoDB come, while many write."""
    return _overload(cluster, "hang")


def _overload(cluster, mode):
    crowd = Load(cluster.port, cluster.people, crowd=CROWD)
    crowd.name = f"{cluster.load.name} crowd"
    with _between(cluster) as proxy:
        crowd.start()
        time.sleep(1.0)
        cluster.mark()
        proxy.mode = mode
        time.sleep(LONG_S)
        proxy.mode = "pass"
        time.sleep(RECOVERED_S)
        recovered = time.monotonic()
        time.sleep(2.0)
        ended = time.monotonic()
        crowd.stop()
    shed = crowd.failed("post", cluster.began)
    cluster.load.take_over(crowd)
    for kind, tries in cluster.load.seen.tries.items():
        within = [t for t in tries if t.began >= cluster.began]
        late = sum(t.took_s > LONGEST_S for t in within)
        failed = sum(recovered <= t.began < ended and t.status != 200 for t in within)
        if late:
            cluster.wrong[f"{kind} after {LONGEST_S} s"] += late
        if failed:
            cluster.wrong[f"{kind} failed after the fault"] += failed
    p99_s = figures(cluster.load.seen, cluster.began, ended)["post"]["p99_s"]
    held_back = proxy.counts["replies held back"]
    return {"replies held back": held_back, "refused": shed, "p99 of writes, s": p99_s}


@contextmanager
def _between(cluster):
    """Put a proxy in front of the primary, and let the web servers go through it."""
    with Between(cluster.home.socket(cluster.primary())) as proxy:
        reload_web(cluster)
        yield proxy
