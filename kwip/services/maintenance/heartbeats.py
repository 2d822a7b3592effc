"""Heartbeats that every process can see, for loops that serve the whole deployment.

They are stored in MongoDB, because the sweeper may run on another machine than the web
server that answers the health check.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from kwip.domain.clock import to_ms
from kwip.services.maintenance.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.clock import ClockMs
    from kwip.store.jobs import JobStore

#: The shortest time between two stored heartbeats, in milliseconds: each is a write.
STORED_MS = 10_000
_PREFIX = "loop:"


class Heartbeats:
    """Rows of loops, stored with those of long jobs.

    Args:
        jobs: Where the rows are.
        clock: For the times in them.
        loops: The names of the loops that some process must run.
    """

    def __init__(self, jobs: JobStore, clock: ClockMs, loops: Sequence[str]):
        self._jobs = jobs
        self._clock = clock
        self._loops = loops
        self._rows: dict[str, Checkpoint] = {}
        self._stored_ms: dict[str, int] = {}

    def beat(self, loop: str) -> None:
        """Note that a loop is at work; a write, if the last one is old enough.

        Raises:
            StoreUnavailableError: It could not be stored.
        """
        now_ms = self._clock()
        if now_ms - self._stored_ms.get(loop, 0) < STORED_MS:
            return
        if loop not in self._rows:
            self._rows[loop] = Checkpoint(self._jobs, _PREFIX + loop, self._clock)
        self._rows[loop].save()
        self._stored_ms[loop] = now_ms

    def silent_s(self) -> dict[str, float]:
        """Return how long each loop has been silent; one query.

        Infinite for a loop that nobody has ever run.

        Raises:
            StoreUnavailableError: MongoDB does not answer.
        """
        now_ms = self._clock()
        heard_ms = {
            row.id: to_ms(row.updated_at) for row in self._jobs.running(_PREFIX)
        }
        return {
            loop: max(0.0, now_ms - heard_ms.get(_PREFIX + loop, -math.inf)) / 1_000
            for loop in self._loops
        }
