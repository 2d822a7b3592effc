"""The job queue, in a Redis of its own: lists of names and ids, and nothing else.

Losing the queue only costs time: each job has a durable source in MongoDB, which the
sweeper reads, and retries are scheduled there. So a job that was taken is gone from
here, even if its worker dies.

Keys (each a list, one lane, named `kw:queue:<lane>`)
  `<job> <id> <ms since 1970> <request id>` of each waiting job, the oldest first;
  the id of the request that enqueued it is missing if there was none
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple, TypedDict, cast

import structlog
from redis.exceptions import RedisError
from structlog.contextvars import get_contextvars

from kwip import telemetry
from kwip.cache.client import plain_client

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from kwip.domain.clock import ClockMs

log = structlog.get_logger()

#: How long a call may block a writer, in seconds, before it is given up.
CALL_S = 0.2
#: After a failure the queue is not used for this long, in seconds.
QUIET_S = 1.0
#: How long a worker waits for a job in one call, in seconds; it stops within that time.
TAKE_S = 2.0
#: How late its answer may come: an idle Valkey only looks at its clock every 0.5 s.
LATE_S = 1.0
#: The most jobs in a lane. The sweeper enqueues the rest when there is room.
MOST = 100_000
_NAME = "kw:queue:"


class QueuedJob(NamedTuple):
    """A job that was taken from the queue: its name and the id it is for.

    `request_id` is that of the request that enqueued it, "" if the sweeper did.
    """

    name: str
    id: str
    request_id: str = ""


class LaneSize(TypedDict):
    """How many jobs wait in a lane, and how long the oldest has waited."""

    waiting: int
    oldest_s: float


class JobQueue:
    """Enqueue jobs, and take them.

    Args:
        uri: For example `unix://:password@/run/queue.sock` or `redis://host:6379/0`.
        lanes: The lane of each job: jobs in one lane do not wait for another lane.
        clock: The wall clock, to measure how long a job waits.
        monotonic: Seconds, to pause after a failure.
    """

    def __init__(
        self,
        uri: str,
        lanes: Mapping[str, str],
        clock: ClockMs,
        monotonic: Callable[[], float] = time.monotonic,
    ):
        self._lanes = lanes
        self._clock = clock
        self._monotonic = monotonic
        self._quiet_until = 0.0
        self._gauge = telemetry.REDIS_BREAKER_OPEN.labels("queue")
        self._client = plain_client(uri, CALL_S)
        self._waiting_client = plain_client(uri, TAKE_S + LATE_S)

    @property
    def lanes(self) -> list[str]:
        """The names of all lanes."""
        return sorted(set(self._lanes.values()))

    def enqueue(self, job: str, job_id: str) -> bool:
        """Add a job to its lane; False if Redis is down or the lane is full.

        One round trip, 200 ms at most; none for a second after one that failed.
        """
        if self._monotonic() < self._quiet_until:
            return False
        lane = _NAME + self._lanes[job]
        try:
            request_id = get_contextvars().get("request_id", "")
            entry = f"{job} {job_id} {self._clock()} {request_id}"
            waiting = self._client.rpush(lane, entry.rstrip())
            if waiting > MOST:
                self._client.rpop(lane)
                return False
        except RedisError as error:
            self._quiet_until = self._monotonic() + QUIET_S
            log.warning("enqueue_failed", job=job, reason=type(error).__name__)
            return False
        return True

    def take(self, lanes: Sequence[str]) -> QueuedJob | None:
        """Take the first job of the first lane that has one; wait up to `TAKE_S`.

        Raises:
            QueueDownError: Redis does not answer.
        """
        try:
            found = self._waiting_client.blpop([_NAME + each for each in lanes], TAKE_S)
        except RedisError as error:
            self._gauge.set(1)
            raise QueueDownError(type(error).__name__) from error
        self._gauge.set(0)
        if found is None:
            return None
        entry = cast("tuple[bytes, bytes]", found)[1].decode()
        name, job_id, _, *request_id = entry.split(" ")
        return QueuedJob(name, job_id, *request_id)

    def ping(self) -> bool:
        """Return whether the queue answers; 200 ms at most."""
        try:
            return bool(self._client.ping())
        except RedisError:
            return False

    def sizes(self) -> dict[str, LaneSize | None]:
        """Return the size of each lane; None where Redis does not answer."""
        return {lane: self._size(_NAME + lane) for lane in self.lanes}

    def _size(self, name: str) -> LaneSize | None:
        try:
            waiting = self._client.llen(name)
            first = cast("bytes | None", self._client.lindex(name, 0))
        except RedisError:
            return None
        if first is None:  # empty, or just taken
            return {"waiting": waiting, "oldest_s": 0.0}
        since_ms = int(first.split(b" ")[2])
        return {"waiting": waiting, "oldest_s": max(0, self._clock() - since_ms) / 1000}

    def close(self) -> None:
        """Close every connection."""
        self._client.close()
        self._waiting_client.close()


class QueueDownError(Exception):
    """Redis does not answer a worker that waits for jobs."""
