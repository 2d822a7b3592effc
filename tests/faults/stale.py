"""Deletes race with readers of widgets: what was deleted is in no later answer.

`make stale` tries it 10,000 times on a site of two web processes, with all formats: a
kwip is read until it is cached, deleted, and read again. A short run without the
invalidation must be found wrong, or the check proves nothing.
"""

from __future__ import annotations

import http.client
import itertools
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pymongo

from kwip.domain.accounts.users import READ, WRITE, ProfileChange
from kwip.store.present_indexes import ensure_indexes
from kwip.wiring import Options, build
from tests.faults.clients import PATIENCE_S, Client, Person
from tests.faults.site import Site
from tests.servers import SharedServers, endpoints_of
from tests.wired import sign_up

WITHOUT = "the drop of a deletion"
#: What each kwip says, in any of the formats.
WORD = re.compile(rb"kw(\d+)z")
_V1 = "/api/widgets/v1"
#: Addresses that show a kwip as soon as it was written.
OWN = (
    f"{_V1}/user/{{name}}?limit=40",
    f"{_V1}/thread/{{post_id}}",
    f"{_V1}/thread/{{post_id}}?shape=nested",
    f"{_V1}/thread/{{post_id}}?replies=approved",
    "/@{name}.rss?limit=40",
    "/@{name}.atom?limit=40",
    "/@{name}.json?limit=40",
    "/@{name}/{post_id}.rss",
    "/embed/user/{name}?limit=40",
    f"{_V1}/user/{{name}}/favourites?limit=40",
    "/@{name}/favourites.rss?limit=40",
    "/embed/post/{post_id}",
    "/embed/thread/{post_id}",
)
#: Those that show it a moment later.
SHARED = (
    f"{_V1}/public?limit=40",
    f"{_V1}/tag/tea?limit=40",
    "/public.json?limit=40",
    "/tags/tea.rss?limit=40",
    "/embed/tag/tea?limit=40",
)
BATCH = 6
#: How long a new kwip may take to the shared addresses.
LAG_S = 10.0


@dataclass
class Race:
    """What was tried, and what was found.

    `deleted` has when the answer to each deletion came, by the number in its text.
    """

    port: int
    tries: int
    readers: int = 3
    tried: Counter = field(default_factory=Counter)
    reads: int = 0
    deleted: dict = field(default_factory=dict)
    stale: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    numbers: object = field(default_factory=itertools.count)
    _left: object = None
    _is_over: threading.Event = field(default_factory=threading.Event)

    def run(self, authors):
        """Let each author write and delete, and readers read, until all is tried."""
        self._left = iter(range(self.tries))
        writers = [self._thread(self._author, author) for author in authors]
        names = [author.name for author in authors]
        readers = [self._thread(self._reader, names) for _ in range(self.readers)]
        for thread in writers + readers:
            thread.start()
        for thread in writers:
            thread.join()
        self._is_over.set()
        for thread in readers:
            thread.join()

    def _thread(self, loop, argument):
        return threading.Thread(target=self._guard, args=(loop, argument), daemon=True)

    def _guard(self, loop, argument):
        try:
            loop(argument)
        except Exception as error:  # noqa: BLE001 -- it fails the whole race
            self.failures.append(repr(error))

    def _author(self, author):
        """Write some kwips; then read each one, delete it, and read again."""
        client, reading = Client(self.port, author), Reading(self)
        paths = itertools.cycle(OWN + SHARED)
        while not self.failures:
            batch = [self._write(client) for _ in range(BATCH)]
            for number, post_id in batch:
                path = next(paths).format(name=author.name, post_id=post_id)
                if "favourites" in path:
                    client.ask("POST", f"/api/v1/statuses/{post_id}/favourite")
                reading.await_word(path, number)
                if next(self._left, None) is None:
                    return
                client.ask("DELETE", f"/api/v1/statuses/{post_id}")
                self.deleted[number] = time.monotonic_ns()
                reading.read(path)
                self.tried[path.partition("?")[0].replace(post_id, "ID")] += 1

    def _write(self, client):
        number = next(self.numbers)
        post = client.ask("POST", "/api/v1/statuses", status=f"kw{number}z #tea")
        return number, post["id"]

    def _reader(self, names):
        """Read what many read, again and again, so that it is always being cached."""
        reading, chance = Reading(self), random.Random(names[0])  # noqa: S311
        timelines = [path for path in OWN + SHARED if "post_id" not in path]
        while not self._is_over.is_set():
            reading.read(chance.choice(timelines).format(name=chance.choice(names)))


class Reading:
    """Somebody without a token, who remembers nothing."""

    def __init__(self, race):
        self._race = race
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", race.port, timeout=PATIENCE_S
        )

    def read(self, path):
        """Read an address; note what had been deleted when it was asked for."""
        race, began = self._race, time.monotonic_ns()
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        found = {int(number) for number in WORD.findall(answer.read())}
        if answer.status not in {200, 404, 410}:
            race.failures.append(f"{path}: {answer.status}")
        late = {n for n in found if race.deleted.get(n, began) < began}
        if late:
            race.stale.append(f"{path} shows {late}")
        race.reads += 1
        return found

    def await_word(self, path, number):
        """Read an address until it has a kwip, so that this is in the cache."""
        end = time.monotonic() + LAG_S
        while number not in self.read(path):
            assert time.monotonic() < end, f"{path} never shows a new kwip"


def authors_of(settings, endpoints, count=3):
    """Sign people up who have tokens."""
    kwip = build(
        settings, endpoints, role="cli", options=Options(enqueue=lambda *_: None)
    )
    scopes = frozenset({READ, WRITE})
    try:
        assert kwip.fence.await_lease(within_s=30)
        viewers = [sign_up(kwip, f"author{number}") for number in range(count)]
        for each in viewers:
            shown = ProfileChange(shows_favourites=True)
            kwip.services.users.update_profile(each, shown)
        make = kwip.services.authentication.create_token
        return [
            Person(each.username, each.id, make(each, "test", scopes)[1])
            for each in viewers
        ]
    finally:
        kwip.close()


def main(tries):
    """Race with and without the invalidation; return 1 if that is not what is found."""
    servers = SharedServers()
    try:
        servers.start()
        whole = _hold(servers, tries, "nothing")
        control = _hold(servers, min(tries, 100), WITHOUT)
    finally:
        servers.stop()
    return int(bool(whole.stale or whole.failures) or not control.stale)


def _hold(servers, tries, without):
    """Hold a race on an empty database, and print what was found."""
    endpoints = endpoints_of(servers.root, 0)
    with (
        pymongo.MongoClient(endpoints.mongodb_uri, tz_aware=True) as client,
        tempfile.TemporaryDirectory(prefix="kwip-stale-") as folder,
    ):
        client.drop_database(endpoints.database)
        ensure_indexes(client[endpoints.database])
        authors = authors_of(servers.settings, endpoints)
        site = Site(endpoints, Path(folder), webs=2, workers=1, without=without)
        try:
            race, began = Race(site.port, tries), time.monotonic()
            race.run(authors)
            site.check()
        finally:
            site.stop()
    took_s = time.monotonic() - began
    print(  # noqa: T201
        f"without {without}: {sum(race.tried.values())} deletions, {race.reads} reads, "
        f"{len(race.stale)} stale, {took_s:.0f} s",
        *race.stale[:3],
        *race.failures[:3],
        sep="\n    ",
        flush=True,
    )
    return race


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
