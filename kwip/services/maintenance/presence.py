"""Every process of a site says that it runs, and with which settings.

So commands can compare the settings of all machines, and see roles that run on others.
"""

from __future__ import annotations

import atexit
import os
import secrets
import socket
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from kwip import __version__
from kwip.domain.clock import at
from kwip.domain.errors import StoreUnavailableError
from kwip.loops import Loop
from kwip.store.maintenance.processes import Process
from kwip.store.upgrades import SCHEMAS, readable_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.domain.clock import ClockMs
    from kwip.store.maintenance.processes import ProcessStore

#: The time from one row to the next, in seconds: each is a small write.
EVERY_S = 20.0
#: A process that was killed counts as running for this long.
LIFETIME = timedelta(seconds=60)
#: The roles that read and write uploaded files.
FILING = frozenset({"web", "worker"})


class Presence:
    """Writes the row of this process, from `start` until the process ends.

    Args:
        store: Where the rows are.
        clock: For the times in them.
        skew_ms: Measures by how much this clock is ahead of MongoDB's.
        shared: The settings that all processes must agree on, without secrets.
        of_folder: Returns what those must agree on that read and write files.
    """

    def __init__(
        self,
        store: ProcessStore,
        clock: ClockMs,
        skew_ms: Callable[[], int],
        shared: Mapping[str, str],
        of_folder: Callable[[], Mapping[str, str]],
    ):
        self._store = store
        self._clock = clock
        self._skew_ms = skew_ms
        self._of_folder = of_folder
        self._loop = Loop("presence", self._work)
        now = at(clock())
        self._row = Process(
            id=secrets.token_hex(12),
            roles=(),
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            skew_ms=0,
            shared=shared,
            schemas=SCHEMAS,
            readable_from=readable_from(),
            started_at=now,
            seen_at=now,
            expires_at=now + LIFETIME,
        )

    def start(self, *roles: str) -> None:
        """Say that this process has these roles; call it once."""
        shared = self._row.shared
        if not FILING.isdisjoint(roles):
            shared = {**shared, **self._of_folder()}
        self._row = replace(self._row, roles=roles, pid=os.getpid(), shared=shared)
        self._loop.start()
        # gunicorn tells nobody else that a process ends.
        atexit.register(self._leave)

    def stop(self) -> None:
        """Say that this process ends, if it was started."""
        if self._row.roles:
            self._loop.stop()
            self._leave()

    def _leave(self) -> None:
        """Remove the row, without waiting for one that is being written.

        That one may be left; it counts for as long as that of a killed process.
        """
        atexit.unregister(self._leave)
        self._loop.request_stop()
        with suppress(StoreUnavailableError):
            self._store.remove(self._row.id)

    def save(self) -> None:
        """Write the row once; two commands.

        Raises:
            StoreUnavailableError: MongoDB does not answer.
        """
        skew_ms = self._skew_ms()
        # By MongoDB's clock, or others would not see a process whose clock is wrong.
        now = at(self._clock() - skew_ms)
        self._row = replace(
            self._row, skew_ms=skew_ms, seen_at=now, expires_at=now + LIFETIME
        )
        self._store.save(self._row)

    def _work(self, _loop: Loop) -> float:
        self.save()
        return EVERY_S
