"""Clients of the shared MongoDB that the tests of one process use again.

Each process's parts have a client. To make one costs two threads, a connection that
the server has a thread for, and a sign-in; that is as much as ten requests.
"""

from __future__ import annotations

import os
from collections import defaultdict

from pymongo import MongoClient
from pymongo.monitoring import CommandListener


class _Ears(CommandListener):
    """Those who listen to a client now."""

    def __init__(self):
        self.listeners = []

    def started(self, event):
        for listener in self.listeners:
            listener.started(event)

    def succeeded(self, event):
        for listener in self.listeners:
            listener.succeeded(event)

    def failed(self, event):
        for listener in self.listeners:
            listener.failed(event)


class _Kept(MongoClient):
    """A client that is put back when it is closed, unless it has lost its server."""

    def __init__(self, *arguments, free, **options):
        self.ears = _Ears()
        self._free = free
        super().__init__(*arguments, event_listeners=[self.ears], **options)

    def close(self):
        self.ears.listeners = []
        if not self.topology_description.has_writable_server():
            super().close()
        elif not any(each is self for each in self._free):  # all are equal
            self._free.append(self)

    def end(self):
        super().close()


class KeptClients:
    """Makes clients, or gives those again that were closed, by their options."""

    def __init__(self):
        self._free = defaultdict(list)
        # A child has none of the threads that its parent's clients have.
        self._of_parents = []
        os.register_at_fork(after_in_child=self._leave)

    def __call__(self, *arguments, event_listeners=(), **options):
        free = self._free[arguments, tuple(sorted(options.items()))]
        client = free.pop() if free else _Kept(*arguments, free=free, **options)
        client.ears.listeners = [*event_listeners]
        return client

    def end(self):
        """Close them all."""
        for free in self._free.values():
            while free:
                free.pop().end()

    def _leave(self):
        self._of_parents.append(self._free)
        self._free = defaultdict(list)
