"""The process that works off the queue: `python -m kwip.worker`.

It runs jobs as they arrive, with the sweeper and the change-stream invalidator in
threads of the same process, which saves a process on a small machine. `… jobs` and `…
sweeper` run one of the two alone.
"""

from __future__ import annotations

import signal
import sys
from threading import Event
from typing import TYPE_CHECKING

import structlog

from config import logging
from config.settings import from_environment
from kwip.embedded import endpoints
from kwip.embedded.served import serve_metrics
from kwip.jobs.registry import jobs
from kwip.jobs.runner import Runner
from kwip.wiring import build

if TYPE_CHECKING:
    from config.settings import Settings
    from kwip.wiring import Wiring

log = structlog.get_logger()

#: What an argument leaves out is another process's work.
_ROLES = {"jobs": "worker", "sweeper": "sweeper"}


def main(arguments: list[str]) -> None:
    """Run jobs and the sweeper, or one of the two, until SIGTERM or SIGINT."""
    settings = from_environment()
    logging.configure(settings.log_level)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    serve_metrics(settings)
    wiring = build(settings, endpoints(settings), role="worker")
    try:
        wiring.start(*(_ROLES[part] for part in arguments or _ROLES))
        if arguments != ["jobs"]:
            for loop in wiring.loops:
                loop.start()
            log.info("sweeper_started", loops=[loop.name for loop in wiring.loops])
        if arguments != ["sweeper"]:
            _work(wiring, settings, stop)
        stop.wait()
    finally:
        wiring.close()


def _work(wiring: Wiring, settings: Settings, stop: Event) -> None:
    """Run jobs as they arrive; finish those under way, but no slow one."""
    # Take the cache lease before the first job, not during it.
    wiring.fence.await_lease(within_s=1.0)
    runner = Runner(
        wiring.queue, jobs(wiring.services), threads=settings.worker_threads
    )
    runner.start()
    log.info("worker_started", threads=settings.worker_threads)
    stop.wait()
    runner.request_stop()
    # A conversion may take minutes. Another worker begins it again.
    wiring.services.processing.close()
    runner.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
