"""Threads that take jobs from the queue and run them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from structlog.contextvars import bound_contextvars

from kwip.loops import Loop
from kwip.services.backups.blogs.blogs import BLOG
from kwip.services.delivery.hibernation import HIBERNATE, NOTE_READ
from kwip.services.delivery.push_wakes import PUSH
from kwip.services.posting.scheduled import SCHEDULED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.cache.queue import JobQueue, QueuedJob

#: The lanes of jobs that take long, and the threads that do them and nothing else, so
#: that no delivery waits for them: conversions, exports and imports take minutes, and
#: requests to other sites, to push services and to a server of mail seconds, in which
#: they do nothing.
_SLOW = {"media": 1, "links": 3, "mail": 2, "push": 3, "transfers": 1}
#: The lane of each job: compaction must not wait behind a burst of fan-outs.
LANES = {
    "fanout": "fanout",
    SCHEDULED: "fanout",
    "search": "compaction",
    "poll_end": "compaction",
    "trends": "compaction",
    "edge": "compaction",
    "mute_end": "compaction",
    "list_edge": "compaction",
    "list": "compaction",
    NOTE_READ: "compaction",
    HIBERNATE: "compaction",
    "attachment": "compaction",
    "purge": "links",
    "convert": "media",
    "mail": "mail",
    PUSH: "push",
    "notification_mail": "compaction",
    "strike": "compaction",
    "preview": "links",
    "stale_preview": "compaction",
    "verify_links": "links",
    "export": "transfers",
    "import": "transfers",
    "closure": "transfers",
    BLOG: "links",
}


class Runner:
    """Run jobs in some threads, one at a time in each, and slow ones in one more.

    Args:
        queue: Where they wait.
        jobs: The function for each name, called with the job's id; never raises.
        threads: How many quick ones run at once.
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
        quick = [lane for lane in queue.lanes if lane not in _SLOW]
        self.loops = [Loop("jobs", self._work(quick)) for _ in range(threads)]
        for lane, count in _SLOW.items():
            self.loops += [
                Loop(f"{lane}_jobs", self._work([lane])) for _ in range(count)
            ]

    def start(self) -> None:
        """Start the threads."""
        for loop in self.loops:
            loop.start()

    def request_stop(self) -> None:
        """Let the threads end after their current jobs."""
        for loop in self.loops:
            loop.request_stop()

    def stop(self) -> None:
        """End the threads after their current jobs."""
        self.request_stop()
        for loop in self.loops:
            loop.stop()

    def _run(self, taken: QueuedJob) -> None:
        """Run a job; its log lines have the id of the request that it is from."""
        request = {"request_id": taken.request_id} if taken.request_id else {}
        with bound_contextvars(**request):
            self._jobs[taken.name](taken.id)

    def _work(self, names: list[str]) -> Callable[[Loop], float]:
        """Return the work of one thread, which tries another lane first each time."""
        lanes = deque(names)

        def work(_: Loop) -> float:
            lanes.rotate()
            taken = self._queue.take(list(lanes))
            if taken is not None:
                self._run(taken)
            return 0.0

        return work
