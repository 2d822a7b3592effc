"""Child processes that convert files, which the tests of one process use again.

Each process's parts have one for pictures, one for videos and one for web pages. To
start one costs as much as thirty requests.
"""

from __future__ import annotations

import atexit
from collections import defaultdict

from kwip.services.media.converting.isolated import Isolated


class _Kept(Isolated):
    """Leaves its child to the next one like it, unless the child still works."""

    def __init__(self, *arguments, free):
        super().__init__(*arguments)
        self._free = free

    def _start(self):
        while self._free:
            child = self._free.pop()
            if child.poll() is None:
                return child
        return super()._start()

    def close(self):
        self._is_closing.set()
        if not self._free and self._turn.acquire(blocking=False):
            child, self._child = self._child, None
            self._turn.release()
            if child is not None:
                self._free.append(child)
        super().close()


class KeptChildren:
    """Makes parents of children that may have had another one before."""

    def __init__(self):
        self._free = defaultdict(list)
        atexit.register(self._end)

    def __call__(self, *arguments):
        return _Kept(*arguments, free=self._free[arguments])

    def _end(self):
        for free in self._free.values():
            for child in free:
                child.kill()
                child.communicate()
