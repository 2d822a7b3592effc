"""One fault, from the start of the processes to what was found in the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kwip.domain.accounts.users import READ, WRITE
from kwip.wiring import Options, build
from tests.faults.clients import Client, Crowd, Person
from tests.faults.inflict import FAULTS, Cache
from tests.faults.proxy import Proxy
from tests.faults.records import Records
from tests.faults.site import Site
from tests.jobs.oracle import Oracle
from tests.wired import sign_up

if TYPE_CHECKING:
    from pathlib import Path

    from config.endpoints import Endpoints
    from config.settings import Settings
    from tests.servers import PrivateValkey

AUTHORS, READERS = 2, 3
DRAIN_S = 120.0
#: So long readers go on when the fault is over: an invalidation that was lost shows
# now.
CALM_S = 1.5


@dataclass(frozen=True)
class Place:
    """Where a trial happens: servers, an empty database, and a folder of its own."""

    settings: Settings
    endpoints: Endpoints
    mongodb: object
    valkey: PrivateValkey
    folder: Path


@dataclass
class Outcome:
    """What a trial has shown."""

    faults: tuple
    without: str
    seconds: float
    proof: dict = field(default_factory=dict)
    sizes: dict = field(default_factory=dict)
    found: dict = field(default_factory=dict)

    @property
    def violations(self):
        return {name: len(each) for name, each in self.found.items() if each}


def hold(place, faults, seconds, *, without="nothing", webs=2, workers=1):
    """Let a crowd act, some seconds under each of some faults; give what was found."""
    proxy = Proxy(place.valkey.uri)
    proxy.start()
    endpoints = replace(place.endpoints, redis_cache_uri=proxy.uri)
    authors, owner, readers = _people(place.settings, endpoints)
    records, outcome = Records(), Outcome(faults, without, seconds)
    site = Site(endpoints, place.folder, webs=webs, workers=workers, without=without)
    try:
        crowd = Crowd(site.port, records, authors, owner, readers)
        watch = _Watch(place.mongodb)
        crowd.start()
        watch.start()
        for fault in faults:
            ends = crowd.stop_writing if fault == faults[-1] else lambda: None
            cache = Cache(place.valkey, proxy)
            outcome.proof |= FAULTS[fault](cache, _ends_after(seconds, ends))
        time.sleep(CALM_S)
        crowd.stop()
        site.check()
        watch.stop()
        missing = _drained(
            place.mongodb, site.port, (*authors, owner, *readers), records
        )
    finally:
        site.stop()
        proxy.stop()
    outcome.proof |= watch.counts
    outcome.sizes = records.sizes() | {
        "while apart": records.sights_while_apart(),
        "slowest request s": round(records.slowest_s, 2),
    }
    outcome.found = records.found() | {"in the end": missing}
    return outcome


def _ends_after(seconds, ends):
    """Give a wait that says when it is over, and calls `ends` before it does."""
    end = time.monotonic() + seconds
    never = threading.Event()

    def wait(at_most_s):
        rest_s = end - time.monotonic()
        never.wait(max(0.0, min(at_most_s, rest_s)))
        is_over = time.monotonic() >= end
        if is_over:
            ends()
        return is_over

    return wait


def _people(settings, endpoints):
    """Sign people up with tokens; readers follow all, and it is settled."""
    kwip = build(
        settings, endpoints, role="cli", options=Options(enqueue=lambda *_: None)
    )
    try:
        assert kwip.fence.await_lease(within_s=30)
        names = [f"author{n}" for n in range(AUTHORS)] + ["owner"]
        names += [f"reader{n}" for n in range(READERS)]
        viewers = {name: sign_up(kwip, name) for name in names}
        scopes = frozenset({READ, WRITE})
        people = [
            Person(
                name,
                viewer.id,
                kwip.services.authentication.create_token(viewer, "test", scopes)[1],
            )
            for name, viewer in viewers.items()
        ]
        for reader in names[AUTHORS + 1 :]:
            for author in names[: AUTHORS + 1]:
                follower, followee = viewers[reader], viewers[author].id
                kwip.services.relationships.follow(follower, followee)
                kwip.services.home_backfill.settle(follower.id, followee)
        return people[:AUTHORS], people[AUTHORS], people[AUTHORS + 1 :]
    finally:
        kwip.close()


class _Watch:
    """Looks at the fence while all go on: how long nobody had a lease, how it rose."""

    EVERY_S = 0.1

    def __init__(self, mongodb):
        self._fences = mongodb["cache_fence"]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._epoch = self._fences.find_one()["epoch"]
        self.counts = Counter()

    def start(self):
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()
        self.counts["epochs"] = self._fences.find_one()["epoch"] - self._epoch
        suspended_s = self.counts.pop("suspended", 0) * self.EVERY_S
        self.counts["seconds without lease"] = round(suspended_s, 1)

    def _run(self):
        while not self._stop.wait(self.EVERY_S):
            self.counts["suspended"] += bool(self._fences.find_one()["suspended"])


def _drained(mongodb, port, people, records):
    """When all jobs are done: find what is missing, doubled or out of place."""
    end = time.monotonic() + DRAIN_S
    while any(waiting := Oracle(mongodb).waiting()):
        if time.monotonic() > end:
            return [f"{waiting} still wait after {DRAIN_S} s"]
        time.sleep(0.2)
    oracle, found = Oracle(mongodb), []
    standing = {i for i, post in oracle.posts.items() if not post["is_tombstone"]}
    found += [f"{i} was acknowledged and is gone" for i in records.written - standing]
    for person in people:
        seen, wanted = _home(port, person), oracle.shown(person.id)
        if len(seen) != len(set(seen)) or seen != sorted(seen, reverse=True):
            found.append(f"{person.name} sees something twice or out of order")
        found += [f"{person.name} misses {i}" for i in wanted - set(seen)]
        found += [f"{person.name} must not see {i}" for i in set(seen) - wanted]
    return found


def _home(port, person):
    """Read somebody's whole home; give the ids, newest first."""
    client, ids, path = Client(port, person), [], "/api/v1/timelines/home?limit=40"
    page = client.ask("GET", path)
    while page:
        ids += [int(post["id"]) for post in page]
        page = client.ask("GET", f"{path}&max_id={ids[-1]}")
    client.close()
    return ids
