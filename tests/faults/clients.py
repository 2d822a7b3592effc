"""People who write, read and fall out with each other, through HTTP, all at once."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from itertools import count
from typing import NamedTuple

from tests.cache.history import Operation
from tests.faults.records import Sight, Span

#: A site under a fault may keep a writer waiting for 3 s; this is longer.
PATIENCE_S = 15
#: Between two requests of a client, so that the machine is not used up.
PAUSE_S = 0.005
#: Whoever was refused waits so long before the next request.
AGAIN_S = 0.5


class Person(NamedTuple):
    """Somebody with a token."""

    name: str
    id: int
    token: str


class RefusedError(Exception):
    """An answer that is not 2xx; has the status."""

    def __init__(self, status, text):
        super().__init__(f"{status} {text}")
        self.status = status


class BusyError(OSError):
    """The server has asked to be asked again later."""


class Client:
    """One keep-alive connection of one person."""

    def __init__(self, port, person):
        self._port = port
        self.person = person
        self._connection = None

    def ask(self, method, path, **body):
        """Send a request and read JSON.

        Raises:
            RefusedError: The answer is none of 2xx.
            OSError: There was none.
            BusyError: The server is too busy for one.
        """
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=PATIENCE_S
            )
        headers = {
            "Authorization": f"Bearer {self.person.token}",
            "Content-Type": "application/json",
        }
        try:
            self._connection.request(
                method, path, body=json.dumps(body) if body else None, headers=headers
            )
            answer = self._connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OSError(repr(error)) from error
        if answer.status == HTTPStatus.SERVICE_UNAVAILABLE:
            raise BusyError(text[:200])
        if answer.status // 100 != 2:
            raise RefusedError(answer.status, text[:200])
        return json.loads(text)

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class Crowd:
    """Two who write, one who deletes and falls out with others, and readers of all.

    `authors` have each a post, a name and a newest post that count upwards; `owner`
    writes for followers only; `readers` follow all of them.
    """

    def __init__(self, port, records, authors, owner, readers):
        self._records = records
        self._authors, self._owner, self._readers = authors, owner, readers
        self._port = port
        self._posts = {}
        self._no_more_writing, self._no_more_reading = (
            threading.Event(),
            threading.Event(),
        )
        self._writers = [
            *(self._thread(self._author, each) for each in authors),
            self._thread(self._quarreller, owner),
            self._thread(self._fickle, readers[0]),
        ]
        self._others = [
            self._thread(self._reader, each) for each in (*readers, *readers[:2])
        ]

    def start(self):
        for author in self._authors:
            self._posts[author.name] = self._begin(author)
        for thread in (*self._writers, *self._others):
            thread.start()

    def stop_writing(self):
        """Let readers alone go on: what they see now will not change any more."""
        self._no_more_writing.set()
        for thread in self._writers:
            thread.join()

    def stop(self):
        """End everybody, and let all be friends again."""
        self.stop_writing()
        self._no_more_reading.set()
        for thread in self._others:
            thread.join()
        for one, act, other in [
            *((self._owner, "unblock", reader) for reader in self._readers),
            *((reader, "follow", self._owner) for reader in self._readers),
        ]:
            client = Client(self._port, one)
            client.ask("POST", f"/api/v1/accounts/{other.id}/{act}")
            client.close()

    def _begin(self, author):
        """Set an author's registers to 0; give the id of the post that is edited."""
        client = Client(self._port, author)
        post = client.ask("POST", "/api/v1/statuses", status="0")
        client.ask("PATCH", "/api/v1/accounts/update_credentials", display_name="0")
        newest = client.ask("POST", "/api/v1/statuses", status="0")
        self._records.written |= {int(post["id"]), int(newest["id"])}
        client.close()
        return post["id"]

    def _thread(self, loop, person):
        is_reader = loop == self._reader
        stop = self._no_more_reading if is_reader else self._no_more_writing
        return threading.Thread(
            target=self._run, args=(loop, person, stop), daemon=True
        )

    def _run(self, loop, person, stop):
        client = Client(self._port, person)
        chance = random.Random(person.name)  # noqa: S311 -- the same every time
        steps = loop(client, chance)
        while not stop.wait(PAUSE_S):
            began = time.monotonic()
            try:
                next(steps)
            except BusyError:
                self._records.busy += 1
                steps = loop(client, chance)
                stop.wait(AGAIN_S)
            except Exception as error:  # noqa: BLE001 -- it is what is looked for
                self._records.failures.append(f"{person.name}: {error!r}")
                steps = loop(client, chance)
            took_s = time.monotonic() - began
            self._records.slowest_s = max(self._records.slowest_s, took_s)
        client.close()

    # Those who write.

    def _author(self, client, chance):
        """Count one of the registers upwards, and look at the own home."""
        name, edited_id = client.person.name, self._posts[client.person.name]
        for number in count(time.monotonic_ns() // 1_000_000):
            kind = chance.choice(("post", "name", "newest"))
            with self._operation(f"{kind}:{name}", number):
                if kind == "post":
                    client.ask(
                        "PUT", f"/api/v1/statuses/{edited_id}", status=str(number)
                    )
                elif kind == "name":
                    client.ask(
                        "PATCH",
                        "/api/v1/accounts/update_credentials",
                        display_name=str(number),
                    )
                else:
                    post_id = self._publish(client, str(number), "public")
            if kind == "newest":
                self._see_own(client, post_id)
            yield

    def _publish(self, client, text, visibility):
        post = client.ask(
            "POST", "/api/v1/statuses", status=text, visibility=visibility
        )
        self._records.written.add(int(post["id"]))
        return post["id"]

    def _see_own(self, client, post_id):
        home = client.ask("GET", "/api/v1/timelines/home?limit=40")
        self._records.own_reads += 1
        if post_id not in {each["id"] for each in home}:
            self._records.missed.append(f"{client.person.name} missed {post_id}")

    @contextmanager
    def _operation(self, register, number):
        began = time.monotonic_ns()
        # Whatever happens it may have been written; only its end is acknowledged.
        ended = 2**63
        try:
            yield
            ended = time.monotonic_ns()
        finally:
            self._records.operations.append(
                Operation(register, True, began, ended, number)  # noqa: FBT003
            )

    def _quarreller(self, client, chance):
        """Write for followers, delete, and block readers for a while."""
        while True:
            post_id = self._publish(client, f"For you {chance.random()}", "private")
            self._see_own(client, post_id)
            yield
            if chance.random() < 0.5:
                self._records.written.discard(int(post_id))
                client.ask("DELETE", f"/api/v1/statuses/{post_id}")
                self._records.deleted[int(post_id)] = time.monotonic_ns()
            yield
            reader = chance.choice(self._readers[1:])
            client.ask("POST", f"/api/v1/accounts/{reader.id}/block")
            began = time.monotonic_ns()
            self._no_more_writing.wait(chance.uniform(0.02, 0.2))
            pair = (reader.name, client.person.name)
            self._records.apart[pair].append(Span(began, time.monotonic_ns()))
            client.ask("POST", f"/api/v1/accounts/{reader.id}/unblock")
            other = Client(self._port, reader)
            other.ask("POST", f"/api/v1/accounts/{client.person.id}/follow")
            other.close()
            yield

    def _fickle(self, client, chance):
        """Unfollow the one who writes for followers, and come back."""
        owner = self._owner
        while True:
            self._no_more_writing.wait(chance.uniform(0.05, 0.3))
            client.ask("POST", f"/api/v1/accounts/{owner.id}/unfollow")
            began = time.monotonic_ns()
            self._no_more_writing.wait(chance.uniform(0.02, 0.2))
            pair = (client.person.name, owner.name)
            self._records.apart[pair].append(Span(began, time.monotonic_ns()))
            client.ask("POST", f"/api/v1/accounts/{owner.id}/follow")
            yield

    # Those who read.

    def _reader(self, client, chance):
        while True:
            author = chance.choice(self._authors)
            chance.choice((self._read_home, self._read_home, self._read_register))(
                client, chance, author
            )
            yield

    def _read_home(self, client, *_):
        began = time.monotonic_ns()
        home = client.ask("GET", "/api/v1/timelines/home?limit=20")
        self._records.sights.append(
            Sight(
                client.person.name,
                began,
                time.monotonic_ns(),
                tuple((int(each["id"]), each["account"]["username"]) for each in home),
            )
        )

    def _read_register(self, client, chance, author):
        kind = chance.choice(("post", "name", "newest"))
        began = time.monotonic_ns()
        if kind == "post":
            post = client.ask("GET", f"/api/v1/statuses/{self._posts[author.name]}")
            text = _plain(post["content"])
        elif kind == "name":
            text = client.ask("GET", f"/api/v1/accounts/{author.id}")["display_name"]
        else:
            path = f"/api/v1/accounts/{author.id}/statuses?limit=1"
            text = _plain(client.ask("GET", path)[0]["content"])
        self._records.operations.append(
            Operation(
                f"{kind}:{author.name}",
                is_write=False,
                began=began,
                ended=time.monotonic_ns(),
                number=int(text),
            )
        )


def _plain(content):
    return content.removeprefix("<p>").removesuffix("</p>")
