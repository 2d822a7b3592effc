"""A cluster of a run's own: `kwip cluster up`, and what happens to its processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections import Counter
from contextlib import contextmanager

import psutil
import pymongo

from bench.clusters import free_base
from kwip.cli.cluster import MEMBERS, STEPS
from kwip.cli.up import is_ready
from kwip.nginx import upstreams
from tests.faults.sabotage import VARIABLE
from tests.ops.stack import Stack
from tests.servers import wait_until


class Cluster(Stack):
    """A cluster that runs until `clean_up`; `without` is taken out of its programs.

    Faults are done while `load` is on, by some of `people`; `wrong` counts what they
    themselves found that must not be: "lost", "doubled", "missing", "seen" or else.
    """

    def __init__(self, root, without="nothing", **environ):
        base = free_base()
        self.without = without
        self.people, self.load = (), None
        self.began, self.wrong = 0.0, Counter()
        super().__init__(
            root,
            KWIP_PORT=str(base),
            KWIP_METRICS_PORT=str(base + 1_000),
            KWIP_LIVE_PORT=str(base + STEPS["live-1"]),
            KWIP_WEB_WORKERS="1",
            KWIP_LOG_LEVEL="warning",
            # It repeats the invalidations that are left out, a moment later.
            KWIP_CACHE_CHANGE_STREAM="0" if without == "the invalidation" else "1",
            **{VARIABLE: without, **environ},
        )

    def start(self):
        super().start(sys.executable, "-m", "tests.faults.cluster.up")
        lines = (self.home.root / "cluster.env").read_text().splitlines()
        self.environ |= dict(line.split("=", 1) for line in lines)
        self.client = pymongo.MongoClient(self.endpoints.mongodb_uri, tz_aware=True)
        self.database = self.client[self.endpoints.database]

    def mark(self):
        """Take this moment as that in which the fault begins."""
        self.began = time.monotonic()

    def clean_up(self):
        if hasattr(self, "client"):
            self.client.close()
        super().clean_up()

    @property
    def port(self):
        return self.settings.port

    def signal(self, role, number):
        """Send a signal to one process and to all that it has started."""
        process = psutil.Process(self.pid_of(role))
        for each in [process, *process.children(recursive=True)]:
            each.send_signal(number)

    def kill(self, role):
        """End a process as `kill -9` does; return the number it had."""
        pid = self.pid_of(role)
        self.signal(role, signal.SIGKILL)
        return pid

    def is_back(self, role, before):
        """Return whether a process was replaced by another one, which answers."""
        try:
            is_other = self.pid_of(role) != before
        except (LookupError, psutil.NoSuchProcess):
            return False
        port = STEPS.get(role)
        return is_other and (port is None or self._answers(self.port + port))

    def has_taken_out(self):
        """Return whether nginx leaves out any web server."""
        pool = upstreams.read(self.home.upstreams)["kwip_read"]
        return any(pool.values())

    def _answers(self, port):
        return is_ready(self.settings, port)

    def repeated_by_nginx(self):
        """Count the writes that nginx sent to a second server."""
        lines = (self.home.root / "nginx" / "access.log").read_text().splitlines()
        writes = [line for line in lines if '"method": "POST"' in line]
        return sum(", 127.0.0.1:" in line for line in writes)

    # The replica set.

    def primary(self):
        """Return the role of the primary, once there is one."""

        def found():
            for member in MEMBERS:
                if self.ask(member).get("isWritablePrimary"):
                    return member
            return None

        return wait_until(found)

    def ask(self, member, *command, **options):
        """Ask one member what it is, or something else; {} without an answer."""
        uri = self.uri_of(member)
        with pymongo.MongoClient(
            uri, directConnection=True, timeoutMS=500, serverSelectionTimeoutMS=500
        ) as client:
            try:
                return client.admin.command(*(command or ["hello"]), **options)
            except pymongo.errors.PyMongoError:
                return {}

    @contextmanager
    def not_copying(self, *members):
        """Let members copy nothing from the primary, while the block runs.

        A member that is stopped finds all that was sent to it when it goes on.
        """
        point = ("configureFailPoint", "stopReplProducer")
        for member in members:
            assert self.ask(member, *point, mode="alwaysOn")
        try:
            yield
        finally:
            for member in members:
                assert self.ask(member, *point, mode="off")

    def uri_of(self, member):
        uri = self.endpoints.mongodb_uri.partition("@")[0]
        path = str(self.home.socket(member)).replace("/", "%2F")
        return f"{uri}@{path}/"

    def term(self):
        """Return how many elections there were, as the set counts them."""
        status = self.client.admin.command("replSetGetStatus")
        return status["term"]

    def is_whole(self):
        """Return whether every member is primary or secondary."""
        try:
            status = self.client.admin.command("replSetGetStatus")
        except pymongo.errors.PyMongoError:
            return False
        return all(member["state"] in {1, 2} for member in status["members"])

    def stored_at(self, member):
        """Return the ids of the posts that one member has."""
        with pymongo.MongoClient(
            self.uri_of(member), directConnection=True, readPreference="nearest"
        ) as client:
            posts = client[self.endpoints.database].posts
            return {post["_id"] for post in posts.find({}, {"_id": 1})}

    @contextmanager
    def stopped(self, *roles):
        """Stop processes as SIGSTOP does, while the block runs."""
        for role in roles:
            os.kill(self.pid_of(role), signal.SIGSTOP)
        try:
            yield
        finally:
            for role in roles:
                os.kill(self.pid_of(role), signal.SIGCONT)
