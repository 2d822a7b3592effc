"""People who do more than write and read; what was acknowledged must have effect."""

from __future__ import annotations

import http
import itertools
import json
import threading
import time
import uuid

from tests.faults.cluster.load import AGAIN_S, GIVE_UP_S, PAUSE_S, Client

_POSTS = "/api/v1/statuses"


class Acts:
    """Each writer edits, favourites, bookmarks, follows and deletes until `stop`."""

    def __init__(self, cluster):
        self._cluster, self._load = cluster, cluster.load
        *writers, self._reader, self._idle = cluster.people
        self._stop = threading.Event()
        #: What somebody must see: a field of an address, for a person.
        self._wanted = []
        self._threads = [
            threading.Thread(target=self._act, args=(person,)) for person in writers
        ]
        self.done = 0

    def start(self):
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def lost(self):
        """Count the acts of which nothing is to be seen."""
        return sum(not self._is_seen(*wanted) for wanted in self._wanted)

    def _act(self, person):
        client = Client(self._cluster.port, person)
        post_id, gone_id = (self._begin(client) for _ in range(2))
        for count in itertools.count():
            if self._stop.wait(PAUSE_S):
                break
            is_set = count % 2 == 0
            un = "" if is_set else "un"
            text = f"Number {count}"
            self._repeat(client, "PUT", f"{_POSTS}/{post_id}", {"status": text})
            self._repeat(client, "POST", f"{_POSTS}/{post_id}/{un}favourite")
            self._repeat(client, "POST", f"{_POSTS}/{post_id}/{un}bookmark")
            account = f"/api/v1/accounts/{self._idle.id}"
            self._repeat(client, "POST", f"{account}/{un}follow")
        self._repeat(client, "DELETE", f"{_POSTS}/{gone_id}", done=(200, 404, 410))
        client.close()
        relation = f"/api/v1/accounts/relationships?id={self._idle.id}"
        self._wanted += [
            (person, f"{_POSTS}/{post_id}", "content", f"<p>{text}</p>"),
            (person, f"{_POSTS}/{post_id}", "favourited", is_set),
            (person, f"{_POSTS}/{post_id}", "bookmarked", is_set),
            (person, relation, "following", is_set),
            (person, f"{_POSTS}/{gone_id}", None, None),
        ]

    def _begin(self, client):
        """Post something; it is part of the load, which counts it as it was."""
        text = f"{uuid.uuid4()}"
        post_id = self._load.write(client, text, text)
        del self._load.seen.acknowledged[text]
        return post_id

    def _repeat(self, client, method, path, body=None, *, done=(200,)):
        """Do something again and again until it is acknowledged."""
        kind = method if method != "POST" else path.rpartition("/")[2]
        end = time.monotonic() + GIVE_UP_S
        while (
            self._load.ask(f"acts: {kind}", client, method, path, body)[0] not in done
        ):
            if time.monotonic() > end:
                self._load.seen.given_up.append(path)
                return
            time.sleep(AGAIN_S)
        self.done += 1

    def _is_seen(self, person, path, field, value):
        client = Client(self._cluster.port, person)
        status, body = client.ask("GET", path)
        client.close()
        if field is None:
            return status in {http.HTTPStatus.NOT_FOUND, http.HTTPStatus.GONE}
        found = json.loads(body)
        found = found[0] if isinstance(found, list) else found
        return found[field] == value
