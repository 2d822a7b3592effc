"""Metrics of Kwip; one object for each series.

Every process writes its numbers into the folder that `PROMETHEUS_MULTIPROC_DIR` names
when this module is first imported; the supervisor adds them up and serves them. Labels
and their values are constants, never ids, so their number is bounded.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    multiprocess,
    start_http_server,
    values,
)
from prometheus_client.mmap_dict import MmapedDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import Metric
    from prometheus_client.samples import Sample

#: The initial size of a metrics file; it is doubled when full.
_FILE_BYTES = 1 << 16


class _Numbers(MmapedDict):
    """One file of a process's numbers, as prometheus-client maps it into memory.

    The library creates sparse files, and the kernel kills a process (SIGBUS) that
    writes to a hole if the disk is full. So a file is written before it is mapped. A
    number without space stays in its process, and is written completely by the first
    change after there is space again.
    """

    _f: Any = None

    def __init__(self, filename: str):
        self._path = Path(filename)
        self._is_open = False
        self._positions: dict[str, int] = {}
        with contextlib.suppress(OSError):
            self._open()

    def read_value(self, key: str) -> tuple[float, float]:
        """Return a number and its time; 0 if it is not in the file."""
        with contextlib.suppress(OSError):
            found: tuple[float, float] = super().read_value(key)  # type: ignore[no-untyped-call]
            return found
        return 0.0, 0.0

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Store a number and its time, if there is space."""
        with contextlib.suppress(OSError):
            super().write_value(key, value, timestamp)  # type: ignore[no-untyped-call]

    def _open(self) -> None:
        if not self._path.exists():
            # The process that adds the numbers up must not find it half written.
            draft = self._path.with_suffix(".new")
            try:
                draft.write_bytes(bytes(_FILE_BYTES))
                draft.rename(self._path)
            except OSError:
                draft.unlink(missing_ok=True)
                raise
        super().__init__(str(self._path))  # type: ignore[no-untyped-call]
        self._is_open = True

    def _init_value(self, key: str) -> None:
        if not self._is_open:
            self._open()
        most = len(key.encode()) + 32  # with its length, its padding and two numbers
        while self._used + most > self._capacity:
            self._grow()
        super()._init_value(key)  # type: ignore[no-untyped-call]

    def _grow(self) -> None:
        descriptor = self._f.fileno()
        if os.write(descriptor, bytes(self._capacity)) < self._capacity:
            os.ftruncate(descriptor, self._capacity)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._capacity *= 2
        self._m = mmap.mmap(descriptor, self._capacity)


# The library has no setting for it, and looks it up when the first number is created.
values.MmapedDict = _Numbers  # type: ignore[attr-defined, assignment]

HTTP_REQUESTS = Counter(
    "kwip_http_requests",
    "Requests answered.",
    ["route", "method", "status_class"],
)
HTTP_DURATION = Histogram(
    "kwip_http_request_duration_seconds",
    "Time from a request being received to its answer.",
    ["route", "method", "status_class"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)

FANOUT_LAG = Histogram(
    "kwip_fanout_lag_seconds",
    "Time from a post's id to the end of its fan-out.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
FANOUT_OLDEST_PENDING = Gauge(
    "kwip_fanout_oldest_pending_seconds",
    "Age of the oldest post that still waits for its fan-out; 0 if none does.",
    multiprocess_mode="mostrecent",
)
DELIVERIES = Counter("kwip_deliveries", "Entries put into home timelines.")
JOBS = Counter("kwip_jobs", "Jobs that ended.", ["job", "outcome"])
LINK_PREVIEWS = Counter(
    "kwip_link_previews", "Links that were fetched for a preview.", ["outcome"]
)

LOOP_HEARTBEAT = Gauge(
    "kwip_loop_heartbeat_timestamp_seconds",
    "When a loop last did a piece of its work; the oldest of all live processes.",
    ["loop"],
    multiprocess_mode="livemin",
)
LOOP_FAILURES = Counter(
    "kwip_loop_failures", "Failures that a loop survived.", ["loop"]
)

HTTP_SHED = Counter(
    "kwip_http_requests_shed",
    "Requests refused because they had waited too long for a thread.",
)

CACHE_REQUESTS = Counter("kwip_cache_requests", "Cache lookups.", ["cache", "result"])
CACHE_WITHOUT_LEASE = Counter(
    "kwip_cache_without_lease_seconds",
    "Time that processes spent without the right to use the cache.",
)
CACHE_EPOCH_RAISES = Counter(
    "kwip_cache_epoch_raises",
    "Invalidations that Redis did not confirm, so the cache epoch was raised.",
)
CACHE_INVALIDATIONS_DEBOUNCED = Counter(
    "kwip_cache_invalidations_debounced",
    "Invalidations that were debounced, because they may lag.",
)
CACHE_STREAM_INVALIDATIONS = Counter(
    "kwip_cache_stream_invalidations", "Keys that the change stream invalidated again."
)
CACHE_STREAM_LAG = Gauge(
    "kwip_cache_stream_lag_seconds",
    "From a write to its repeated invalidation.",
    multiprocess_mode="livemax",
)
RATE_LIMIT_REFUSALS = Counter(
    "kwip_rate_limit_refusals", "Requests that were too many.", ["quota"]
)
RATE_LIMIT_ERRORS = Counter(
    "kwip_rate_limit_errors",
    "Requests let through unlimited because Redis did not answer.",
    ["quota"],
)
PASSWORDS_SHED = Counter(
    "kwip_password_hashes_shed",
    "Passwords that were not checked because too many were being hashed.",
)
SIGNALS_SENT = Counter(
    "kwip_signals_sent", "Signals sent, one for each chunk or post.", ["outcome"]
)
SIGNALS_RECEIVED = Counter(
    "kwip_signals_received", "Signals received, in each process that listens."
)
LONG_POLLS = Gauge(
    "kwip_long_polls",
    "Requests that wait for something new, in all live processes.",
    multiprocess_mode="livesum",
)
REDIS_BREAKER_OPEN = Gauge(
    "kwip_redis_breaker_open",
    "1 while a Redis is not asked because it failed, in any live process.",
    ["role"],
    multiprocess_mode="livemax",
)


@cache  # bounded, as all labels are; looking up a series costs more than counting
def _of_requests(route: str, method: str, family: int) -> tuple[Counter, Histogram]:
    labels = (route, method, f"{family}xx")
    return HTTP_REQUESTS.labels(*labels), HTTP_DURATION.labels(*labels)


def observe_request(route: str, method: str, status: int, seconds: float) -> None:
    """Count and time one request; `route` is the rule, not the path."""
    requests, durations = _of_requests(route, method, status // 100)
    requests.inc()
    durations.observe(seconds)


_PAGE_HITS = CACHE_REQUESTS.labels("page", "hit")
_PAGE_MISSES = CACHE_REQUESTS.labels("page", "miss")


def count_page(*, is_found: bool) -> None:
    """Count a lookup of a cached page."""
    (_PAGE_HITS if is_found else _PAGE_MISSES).inc()


class _Processes(multiprocess.MultiProcessCollector):
    """The sum of all processes' numbers; live gauges only of live processes.

    Args:
        folder: Where the processes store their numbers.
        is_alive: Returns whether a process id is one of theirs.
    """

    def __init__(self, folder: Path, is_alive: Callable[[int], bool]):
        super().__init__(None, path=str(folder))  # type: ignore[no-untyped-call] # no types
        self._folder = folder
        self._is_alive = is_alive

    def collect(self) -> Iterable[Metric]:
        """Add up the numbers, without the live gauges of dead processes."""
        for file in self._folder.glob("gauge_live*.db"):
            if not self._is_alive(int(file.stem.rpartition("_")[2])):
                file.unlink(missing_ok=True)
        found: Iterable[Metric] = super().collect()  # type: ignore[no-untyped-call]
        return found


def serve(
    folder: Path, port: int, is_alive: Callable[[int], bool]
) -> Callable[[], None]:
    """Serve the sum of all processes' numbers in `folder` on 127.0.0.1, in a thread.

    Returns a function that stops it; a program that is about to exit need not call it.

    Raises:
        OSError: If it cannot listen on the port.
    """
    registry = CollectorRegistry()
    registry.register(_Processes(folder, is_alive))
    server, thread = start_http_server(port, addr="127.0.0.1", registry=registry)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


def heartbeats(folder: Path, is_alive: Callable[[int], bool]) -> dict[str, float]:
    """Return when each loop of the processes in `folder` last beat, in Unix seconds.

    If several processes run the same loop, it is the oldest heartbeat.
    """
    return {
        sample.labels["loop"]: sample.value
        for sample in _samples(folder, is_alive)
        if sample.name == "kwip_loop_heartbeat_timestamp_seconds"
    }


def cache_requests(folder: Path, is_alive: Callable[[int], bool]) -> dict[str, float]:
    """Count the cache lookups by result, of all processes in `folder`."""
    counts: dict[str, float] = defaultdict(float)
    for sample in _samples(folder, is_alive):
        if sample.name == "kwip_cache_requests_total":
            counts[sample.labels["result"]] += sample.value
    return counts


def _samples(folder: Path, is_alive: Callable[[int], bool]) -> Iterator[Sample]:
    if folder.is_dir():
        for metric in _Processes(folder, is_alive).collect():
            yield from metric.samples
