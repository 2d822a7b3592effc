"""Three private MongoDB servers as one replica set, and a site on it."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections import Counter
from contextlib import contextmanager, suppress
from functools import partial

import pymongo
from pymongo.errors import PyMongoError
from pymongo.monitoring import CommandListener

from kwip.embedded import replica_set
from kwip.embedded.addresses import mongodb_address
from kwip.embedded.home_folder import HomeFolder
from kwip.embedded.servers import mongod_children
from kwip.embedded.supervisor import Supervisor
from tests.people import People
from tests.servers import settings_in, wait_until

MEMBERS = ["mongod-1", "mongod-2", "mongod-3"]


class Three:
    """The servers. One may be hidden: the driver knows a primary and a secondary.

    So a majority acknowledges what the secondary has not copied.
    """

    def __init__(self, root):
        self.home = HomeFolder(root)
        self.home.prepare()
        self._supervisor = Supervisor(self.home, wait=_wait, said=print)

    @property
    def uri(self):
        return mongodb_address(self.home, MEMBERS)

    def start(self, *, hides=True):
        children = mongod_children(settings_in(self.home.root), self.home, MEMBERS)
        self._supervisor.start([_with_fail_points(child) for child in children], 0.0)
        set_up = partial(replica_set.set_up, self.home, self.home.secret("mongodb"))
        set_up(deadline_s=60, members=MEMBERS)
        for member in MEMBERS:  # one that lags does not know the user yet
            with self.only(str(self.home.socket(member))) as client:
                wait_until(lambda client=client: _is_known(client))
        if hides:
            self._hide()

    def _hide(self):
        with pymongo.MongoClient(self.uri) as client:
            config = client.local["system.replset"].find_one()
            config["members"][2] |= {"priority": 0, "hidden": True}
            config["settings"]["chainingAllowed"] = False
            config["version"] += 1
            client.admin.command("replSetReconfig", config)

    def stop(self):
        self._supervisor.stop()

    @contextmanager
    def only(self, address):
        """Connect to one member alone, by its address."""
        uri = mongodb_address(self.home, [self._member(address)])
        with pymongo.MongoClient(uri, directConnection=True) as client:
            yield client

    @contextmanager
    def frozen(self, address):
        """Stop a member as SIGSTOP does, until it is a secondary again."""
        pid = self._supervisor.pids[self._member(address)]
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
            with self.only(address) as client:
                wait_until(lambda: _is_secondary(client))

    @contextmanager
    def not_copying(self, address):
        """Let a secondary stay as it is, while the block runs."""
        point = ("configureFailPoint", "stopReplProducer")
        with self.only(address) as client:
            client.admin.command(*point, mode="alwaysOn")
            try:
                yield
            finally:
                client.admin.command(*point, mode="off")

    def _member(self, address):
        return next(m for m in MEMBERS if str(self.home.socket(m)) == address)


class Places(CommandListener):
    """Counts the commands to each member, by name."""

    def __init__(self):
        self.counts = Counter()

    def started(self, event):
        self.counts[event.connection_id[0], event.command_name] += 1

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


class Site:
    """An app on the set, somebody who writes, and visitors."""

    def __init__(self, three, app, wiring, cache):
        self._three, self._app, self._cache = three, app, cache
        self.wiring = wiring
        self._loaders = wiring.services.loaders
        self._client = wiring.store.client
        self._database = wiring.store.database.name
        self.alice = People(app, wiring)("alice")
        self.secondary = next(iter(wait_until(lambda: self._client.secondaries)))[0]
        self.primary = self._client.primary[0]

    def say(self, text):
        """Post a kwip that the secondary has, too."""
        post_id = self.alice.say(text)["id"]
        with self._three.only(self.secondary) as client:
            posts = client[self._database].posts
            wait_until(lambda: posts.find_one({"_id": int(post_id)}))
        return post_id

    def forget_lateness(self):
        """Let the next read try the secondary, whatever happened to the last."""
        self._loaders.secondary_loads.paused_until = 0.0

    def sightings(self, text, addresses):
        """Return at which addresses a visitor sees the text, from a cold cache."""
        self._cache.flushdb()
        visitor = self._app.test_client(use_cookies=False)
        answers = {address: visitor.get(address) for address in addresses}
        assert {a.status_code for a in answers.values()} <= {200, 404, 410}
        return [address for address, a in answers.items() if text in a.text]


def empty(database):
    """Leave nothing but the fence, and collections that a sign-up can be copied to."""
    existing = set(database.list_collection_names()) - {"cache_fence"}
    for name in existing:
        database[name].delete_many({})
    for name in {"claims", "users", "credentials", "timelines", "tokens"} - existing:
        database.create_collection(name)


def _is_secondary(client):
    with suppress(PyMongoError):  # a primary that steps down closes connections
        return client.admin.command("hello")["secondary"]
    return False


def _is_known(client):
    with suppress(PyMongoError):
        return bool(client.admin.command("ping"))
    return False


def _with_fail_points(child):
    enabled = ("--setParameter", "enableTestCommands=1")
    return dataclasses.replace(child, argv=[*child.argv, *enabled])


def _wait(seconds):
    time.sleep(seconds)
    return False
