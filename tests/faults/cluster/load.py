"""People who write and read through nginx while servers fail, and what they saw.

Whoever gets no answer to a write repeats it with the same `Idempotency-Key` until there
is one, as every client of the API should.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

PATIENCE_S = 15.0
#: Between two requests of a client, so that two processors are enough for all.
PAUSE_S = 0.03
#: The same in a crowd.
CROWDED_S = 1.0
#: Before a request that failed is repeated.
AGAIN_S = 0.05
#: Whoever gets no answer within this long has been failed.
GIVE_UP_S = 60.0


class Try(NamedTuple):
    """One request: when it began, how long it took, and its status; 0 is none.

    A refusal (503) should say when to ask again: `is_rude` if it did not.
    """

    began: float
    took_s: float
    status: int
    is_rude: bool = False


@dataclass
class Seen:
    """What clients saw; appending to lists is atomic."""

    #: Each request by its kind: "post", and what is read.
    tries: dict[str, list[Try]] = field(default_factory=lambda: defaultdict(list))
    #: Acknowledged posts: the id of each text.
    acknowledged: dict[str, int] = field(default_factory=dict)
    #: From the first attempt of a write to its acknowledgement.
    waits: list[Try] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)


class Load:
    """Writers, and readers of what these change and of what stays the same.

    Of `people`, the last but one follows the writers, and the last one nobody. A
    `crowd` only writes. Whoever is not `keyed` repeats writes without a key. All texts
    begin with `name`.
    """

    def __init__(self, port, people, *, keyed=True, crowd=0):
        self._port, self.keyed = port, keyed
        self._pause_s = CROWDED_S if crowd else PAUSE_S
        *writers, reader, idle = people
        self.seen = Seen()
        self.name = uuid.uuid4().hex[:8]
        self._stop = threading.Event()
        if crowd:
            writers = list(itertools.islice(itertools.cycle(writers), crowd))
        works = [
            *((self._write, each, number) for number, each in enumerate(writers)),
            *(() if crowd else self._reads(reader, idle)),
        ]
        self._threads = [
            threading.Thread(target=work, args=args, daemon=True)
            for work, *args in works
        ]

    def _reads(self, reader, idle):
        """Read for somebody who follows the writers, and for one who follows nobody."""
        home = "/api/v1/timelines/home"
        unchanged = f"/api/v1/accounts/{idle.id}/statuses"
        return [
            (self._read, "public", None, "/api/v1/timelines/public"),
            (self._read, "home", reader, home),
            (self._read, "public, unchanged", None, unchanged),
            (self._read, "home, unchanged", idle, home),
        ]

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def take_over(self, other):
        """Count what another load saw as if this one had."""
        for kind, tries in other.seen.tries.items():
            self.seen.tries[kind] += tries
        self.seen.acknowledged |= other.seen.acknowledged
        self.seen.waits += other.seen.waits
        self.seen.given_up += other.seen.given_up

    def failed(self, kind, since):
        """Count the requests of a kind that were not answered with 200."""
        tries = self.seen.tries[kind]
        return sum(t.began >= since and t.status != http.HTTPStatus.OK for t in tries)

    def _write(self, person, number):
        client = Client(self._port, person)
        for count in itertools.count():
            if self._stop.wait(self._pause_s):
                break
            self.write(client, f"{self.name} {number} {count}", str(uuid.uuid4()))
        client.close()

    def write(self, client, text, key):
        """Post a text, again and again until it is acknowledged; return its id.

        None if nobody acknowledges it for a minute.
        """
        began = time.monotonic()
        post_id = None
        while (answer := self._post(client, text, key)) is None:
            if time.monotonic() - began > GIVE_UP_S:
                self.seen.given_up.append(text)
                break
            time.sleep(AGAIN_S)
        if answer is not None:
            self.seen.acknowledged[text] = post_id = int(answer["id"])
        self.seen.waits.append(Try(began, time.monotonic() - began, 0))
        return post_id

    def _post(self, client, text, key):
        request = ("POST", "/api/v1/statuses", {"status": text})
        status, body = self.ask(
            "post", client, *request, *([key] if self.keyed else [])
        )
        return json.loads(body) if status == http.HTTPStatus.OK else None

    def _read(self, kind, person, path):
        client = Client(self._port, person)
        while not self._stop.wait(PAUSE_S):
            status, _ = self.ask(kind, client, "GET", path)
            if status != http.HTTPStatus.OK:
                time.sleep(AGAIN_S)
        client.close()

    def ask(self, kind, client, *request):
        """Send a request and record it; return status and body."""
        began = time.monotonic()
        status, body = client.ask(*request)
        took_s = time.monotonic() - began
        self.seen.tries[kind].append(Try(began, took_s, status, client.is_rude))
        return status, body


class Client:
    """One connection of one person, or of nobody."""

    def __init__(self, port, person):
        self._port = port
        self._headers = {"Content-Type": "application/json"}
        if person is not None:
            self._headers["Authorization"] = f"Bearer {person.token}"
        self._connection = None
        #: Whether the last answer was a refusal that did not say when to ask again.
        self.is_rude = False

    def ask(self, method, path, body=None, key=None):
        """Send a request; return status and body, or 0 if no answer came.

        A server may close a connection that nobody uses, just when somebody does. Then
        a client sends the request again, on another connection; browsers do, too.
        """
        headers = dict(self._headers) | ({"Idempotency-Key": key} if key else {})
        request = (method, path, json.dumps(body) if body else None, headers)
        was_used = self._connection is not None
        try:
            return self._send(*request)
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            if not was_used:
                return 0, b""
        except (OSError, http.client.HTTPException):
            self.close()
            return 0, b""
        return self.ask(method, path, body, key)

    def _send(self, *request):
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=PATIENCE_S
            )
        self._connection.request(*request)
        answer = self._connection.getresponse()
        refused = answer.status == http.HTTPStatus.SERVICE_UNAVAILABLE
        self.is_rude = refused and not answer.headers["Retry-After"]
        return answer.status, answer.read()

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def figures(seen, since, until):
    """Count what was under way between two moments, and the longest waits.

    A request in flight when a fault begins is the first to suffer from it.
    """
    counted = {}
    for kind, tries in seen.tries.items():
        within = [t for t in tries if _overlaps(t, since, until)]
        statuses = Counter(t.status for t in within)
        counted[kind] = {
            "requests": len(within),
            "failed": sum(n for s, n in statuses.items() if s // 100 != 2),
            "statuses": {str(s): n for s, n in sorted(statuses.items()) if s != 200},
            "5xx": sum(n for s, n in statuses.items() if s // 100 == 5),
            "rude": sum(t.is_rude for t in within),
            "p99_s": _percentile([t.took_s for t in within], 0.99),
            "longest_s": _percentile([t.took_s for t in within], 1.0),
        }
    waits = [t.took_s for t in seen.waits if _overlaps(t, since, until)]
    counted["post"]["stall_s"] = round(max(waits, default=0.0), 2)
    return counted


def _overlaps(each, since, until):
    return each.began < until and each.began + each.took_s > since


def _percentile(times, part):
    return round(sorted(times)[max(0, int(len(times) * part) - 1)], 2) if times else 0.0
