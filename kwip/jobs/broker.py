"""The queue: a bell on one side, a worker on the other, dramatiq between them.

A message is a job's name and an id. Losing one costs time only, because each job has
a durable source that the sweeper looks through; so messages are neither retried nor
kept, and retries are dated in that source.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypedDict, cast

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker

from kwip.cache.queue import QueueError, connect_queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.loops import Loop

log = structlog.get_logger()

#: The queue of each job: upkeep must not wait behind a burst of fan-outs.
QUEUES = {
    "fanout": "fanout",
    "edge": "upkeep",
    "list_edge": "upkeep",
    "list": "upkeep",
    "seen": "upkeep",
    "rest": "upkeep",
}
#: After a ring that failed, rings are left out for so long, in seconds.
QUIET_S = 1.0
#: Between two looks at a worker's threads, in seconds.
ATTEND_S = 1.0
#: How long an idle worker waits between two looks, in milliseconds at most.
POLL_MS = 100


def make_broker(uri: str, *, is_worker: bool) -> RedisBroker:
    """Connect to the queue, without middleware: jobs look after themselves."""
    broker: RedisBroker = RedisBroker(  # type: ignore[no-untyped-call] # no types
        client=connect_queue(uri, is_worker=is_worker), middleware=[]
    )
    for queue in set(QUEUES.values()):
        broker.declare_queue(queue)
    return broker


def ping(broker: RedisBroker) -> bool:
    """Say whether the queue answers; 200 ms at most, for a worker 5 s."""
    try:
        return bool(broker.client.ping())
    except QueueError:
        return False


def queue_sizes(broker: RedisBroker, now_ms: int) -> dict[str, QueueSize | None]:
    """Count the bells that wait in each queue; None when the queue does not answer."""
    return {name: _size(broker, name, now_ms) for name in sorted(set(QUEUES.values()))}


class QueueSize(TypedDict):
    """How many bells wait, and for how long the oldest has."""

    waiting: int
    oldest_s: float


def _size(broker: RedisBroker, queue: str, now_ms: int) -> QueueSize | None:
    name, client = f"{broker.namespace}:{queue}", broker.client
    try:
        waiting = client.llen(name)
        first = client.lindex(name, 0)
        message = client.hget(f"{name}.msgs", first) if first else None
    except QueueError:
        return None
    if message is None:  # nothing, or just taken
        return {"waiting": waiting, "oldest_s": 0.0}
    since_ms = dramatiq.Message.decode(cast("bytes", message)).message_timestamp
    return {"waiting": waiting, "oldest_s": max(0, now_ms - since_ms) / 1000}


class QueueBell:
    """Ring for a job, and never fail.

    Args:
        broker: Where to.
        monotonic: Seconds, for leaving a dead queue alone.
    """

    def __init__(
        self, broker: RedisBroker, monotonic: Callable[[], float] = time.monotonic
    ):
        self._broker = broker
        self._monotonic = monotonic
        self._quiet_until = 0.0

    def __call__(self, job: str, job_id: str) -> bool:
        """Put one message into the job's queue; on Redis down, say that it is not."""
        if self._monotonic() < self._quiet_until:
            return False
        try:
            self._broker.enqueue(
                dramatiq.Message(
                    queue_name=QUEUES[job],
                    actor_name=job,
                    args=(job_id,),
                    kwargs={},
                    options={},
                )
            )
        except QueueError as error:
            self._quiet_until = self._monotonic() + QUIET_S
            log.warning("bell_failed", job=job, reason=type(error).__name__)
            return False
        return True


def make_worker(
    broker: RedisBroker, jobs: dict[str, Callable[[str], None]], *, threads: int
) -> dramatiq.Worker:
    """Make a worker that runs `jobs`, by name, when the bell rings for them."""
    for name, run in jobs.items():
        as_actor = dramatiq.actor(
            actor_name=name, queue_name=QUEUES[name], broker=broker
        )
        as_actor(run)
    return dramatiq.Worker(broker, worker_threads=threads, worker_timeout=POLL_MS)


def attend(worker: dramatiq.Worker, _loop: Loop) -> float:
    """Look whether all threads of a worker live; the work of a loop.

    Raises:
        SystemExit: One has ended, so this loop and the process end as well.
    """
    threads = (*worker.consumers.values(), *worker.workers)
    if not all(thread.is_alive() for thread in threads):
        raise SystemExit("a thread of the worker has ended")
    return ATTEND_S
