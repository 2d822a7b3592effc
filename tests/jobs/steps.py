"""Stop a worker after any of its steps: for good, or while others go on."""

from __future__ import annotations

import threading

from pymongo.monitoring import CommandListener

_WRITES = {"insert", "update", "delete", "findAndModify", "commitTransaction"}
_READS = {"find", "aggregate"}


class KilledError(BaseException):
    """The process is gone: nothing of it runs any more, no handler either."""


class Steps(CommandListener):
    """Count the steps of one thread's work, and do something after one of them.

    Steps are writes that MongoDB has confirmed and invalidations of cached keys, with
    `is_fine` reads as well. A transaction is one step, for nobody sees its inside.
    """

    def __init__(self):
        self.names = []
        self._thread = None
        self._is_fine = False
        self._last = None
        self._act = None
        self._error = None
        self._asked = {}

    def guard(self, wiring):
        """Make the invalidations of a process's cached keys steps as well."""
        drop = wiring.fence.invalidate

        def step(keys):
            drop(keys)
            self._step("invalidate")

        wiring.fence.invalidate = step

    def kill(self, last, work):
        """Run `work` up to step `last` (0: not at all); False if it ended before."""
        if last == 0:
            return True
        try:
            self._watch(last, work, _die)
        except KilledError:
            return True
        return False

    def interrupt(self, last, work, meanwhile):
        """Run `work`, and `meanwhile` after its step `last`; False if it has none."""
        if last == 0:
            meanwhile()
            work()
            return True
        self._watch(last, work, meanwhile, is_fine=True)
        return len(self.names) >= last

    def _watch(self, last, work, act, *, is_fine=False):
        self.names, self._last, self._act = [], last, act
        self._is_fine, self._error = is_fine, None
        self._thread = threading.get_ident()
        try:
            work()
        finally:
            self._thread = None
        if self._error is not None:
            raise self._error

    def started(self, event):
        if self._thread is None:
            return
        name, command = event.command_name, event.command
        in_transaction = "autocommit" in command and name != "commitTransaction"
        counted = _WRITES | _READS if self._is_fine else _WRITES
        if name in counted and not in_transaction:
            self._asked[event.request_id] = f"{name} {command[name]}"

    def succeeded(self, event):
        name = self._asked.pop(event.request_id, None)
        if name is not None:
            self._step(name)

    def failed(self, event):
        self._asked.pop(event.request_id, None)

    def _step(self, name):
        if threading.get_ident() != self._thread:
            return
        self.names.append(name)
        if len(self.names) == self._last:
            # What happens meanwhile is no step of this work.
            thread, self._thread = self._thread, None
            try:
                self._act()
            except Exception as error:  # noqa: BLE001 -- the driver would swallow it
                self._error = error
            self._thread = thread


def _die():
    raise KilledError
