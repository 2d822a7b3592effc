"""Threads that take jobs from the queue and run them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kwip.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.cache.queue import JobQueue

#: The lane of each job: compaction must not wait behind a burst of fan-outs.
LANES = {
    "fanout": "fanout",
    "edge": "compaction",
    "list_edge": "compaction",
    "list": "compaction",
    "seen": "compaction",
    "rest": "compaction",
}


class Runner:
    """Runs jobs, one in each of some threads.

    Args:
        queue: Where they wait.
        jobs: What is called with the id of each, by name; it never raises.
        threads: How many run at once.
    """

    def __init__(
        self,
        queue: JobQueue,
        jobs: Mapping[str, Callable[[str], None]],
        *,
        threads: int,
    ):
        self._queue = queue
        self._jobs = jobs
        self.loops = [Loop("jobs", self._work()) for _ in range(threads)]

    def start(self) -> None:
        """Start the threads."""
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """End the threads; what they are doing is finished before."""
        for loop in self.loops:
            loop.request_stop()
        for loop in self.loops:
            loop.stop()

    def _work(self) -> Callable[[Loop], float]:
        """Give the work of one thread, which looks at another lane first each time."""
        lanes = deque(self._queue.lanes)

        def work(_: Loop) -> float:
            lanes.rotate()
            taken = self._queue.take(list(lanes))
            if taken is not None:
                self._jobs[taken.name](taken.id)
            return 0.0

        return work
