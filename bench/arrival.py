"""The row for how long a post takes to be in every follower's home."""

from __future__ import annotations

import statistics
import threading
import time
from typing import TYPE_CHECKING

from bench.deliveries import BarePush, followers_of, most_followed, publish
from bench.rows import Goal, Row
from bench.stacks import kwip_stack
from bench.worlds import ROOM, WHOLE, home_of
from config.settings import load
from kwip.domain.ids import ms_of
from kwip.embedded import endpoints
from kwip.store.timelines import buckets
from kwip.wiring import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.ids import PostId
    from kwip.wiring import Wiring

POSTS, EVERY_S = 40, 0.5
#: How many posts per second others publish meanwhile.
OTHERS, OTHERS_PER_S = 200, 4.0
_GIVE_UP_S = 30.0


def arrival() -> Iterator[Row]:
    """Post as the most followed author while others post, through the real worker."""
    with kwip_stack(home_of(WHOLE), ROOM) as environ:
        settings = load(environ)
        wiring = build(settings, endpoints(settings), role="cli")
        try:
            wiring.fence.await_lease(within_s=10.0)
            yield _measure(wiring)
        finally:
            wiring.close()


def _measure(wiring: Wiring) -> Row:
    author, *others = most_followed(wiring, OTHERS)
    owners = [buckets.home_of(f) for f in followers_of(wiring, author.id)]
    bare = BarePush(wiring, owners)
    stop = threading.Event()

    def chatter() -> None:
        number = 0
        while not stop.wait(1 / OTHERS_PER_S):
            publish(wiring, others[number % len(others)].id)
            number += 1

    crowd = threading.Thread(target=chatter)
    crowd.start()
    ours, theirs = [], []
    try:
        for _ in range(POSTS):
            ours.append(lag_of(wiring, publish(wiring, author.id)))
            theirs.append(bare.push(owners))
            time.sleep(EVERY_S)
    finally:
        stop.set()
        crowd.join()
        bare.close()
    return Row(
        name="arrival",
        what=f"from a post to every one of its author's {len(owners):,} followers",
        reference="a bare push to them",
        unit="s",
        ours=ours,
        theirs=theirs,
        goal=Goal("at most", 3.0),
        setting={
            "worker": "1 process, 4 threads",
            "others post": f"{OTHERS_PER_S:g} a second",
        },
        notes={
            "median_s": statistics.median(ours),
            "p99_s": sorted(ours)[min(len(ours) - 1, round(len(ours) * 0.99))],
        },
    )


def lag_of(wiring: Wiring, post_id: PostId) -> float:
    """Wait until a post is delivered; return the seconds since its id was drawn."""
    posts = wiring.store.database["posts"]
    until = time.monotonic() + _GIVE_UP_S
    while time.monotonic() < until:
        found = posts.find_one({"_id": post_id}, {"fanout.state": 1})
        done_ms = time.time_ns() // 1_000_000
        if found is not None and found["fanout"]["state"] == "done":
            return (done_ms - ms_of(post_id)) / 1_000
        time.sleep(0.002)
    message = "it was never delivered"
    raise TimeoutError(message)
