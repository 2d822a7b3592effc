"""Metrics of Kwip; one object for each series.

Every process writes its numbers into the folder that `PROMETHEUS_MULTIPROC_DIR` names
when this module is first imported; the supervisor adds them up and serves them. Labels
and their values are constants, never ids, so their number is bounded.
"""

from __future__ import annotations

import contextlib
import os
import resource
from collections import Counter as Tally
from collections import defaultdict
from functools import cache
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    make_wsgi_app,
    multiprocess,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import ThreadingWSGIServer

from kwip import metric_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from prometheus_client import Metric
    from prometheus_client.samples import Sample

metric_files.install()

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
DEAD_LETTERS = Gauge(
    "kwip_dead_letters",
    "Deliveries, purges and mails that were given up.",
    ["kind"],
    multiprocess_mode="livemostrecent",
)
QUEUE_JOBS = Gauge(
    "kwip_queue_jobs",
    "Jobs that wait in a lane of the queue.",
    ["queue"],
    multiprocess_mode="livemostrecent",
)
QUEUE_OLDEST = Gauge(
    "kwip_queue_oldest_seconds",
    "How long the oldest job in a lane of the queue has waited.",
    ["queue"],
    multiprocess_mode="livemostrecent",
)
TIMELINE_SOURCE = Counter(
    "kwip_timeline_source",
    "Reads of homes and lists, by where their entries came from.",
    ["source"],
)
PUSHES = Counter(
    "kwip_pushes", "Messages to push services, by how they were answered.", ["outcome"]
)
LINK_PREVIEWS = Counter(
    "kwip_link_previews", "Links that were fetched for a preview.", ["outcome"]
)

BLOG_READINGS = Counter(
    "kwip_blog_readings", "Feeds of blogs that were read.", ["outcome"]
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
#: Results of a read of the cache that needed no load of its own.
HITS = frozenset({"hit", "empty", "shared"})
CACHE_WITHOUT_LEASE = Counter(
    "kwip_cache_without_lease_seconds",
    "Time that processes spent without the right to use the cache.",
)
CACHE_EPOCH_RAISES = Counter(
    "kwip_cache_epoch_raises",
    "Invalidations that Redis did not confirm, so the cache epoch was raised.",
)
SECONDARY_LOADS = Counter(
    "kwip_secondary_loads",
    "Loads that may use secondaries, by where they went; late ones were repeated.",
    ["result"],
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
AUTH_EVENTS = Counter("kwip_auth_events", "Sign-ins, sign-ups and the like.", ["event"])
AUTHZ_DENIED = Counter(
    "kwip_authz_denied", "Requests answered with 401 or 403, by rule.", ["rule"]
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
HTTP_OPEN = Gauge(
    "kwip_http_requests_open",
    "Requests that web processes have received and not yet answered.",
    multiprocess_mode="livesum",
)
LONG_POLLS = Gauge(
    "kwip_long_polls",
    "Requests that wait for something new, in all live processes.",
    multiprocess_mode="livesum",
)
LONG_POLLS_LIMIT = Gauge(
    "kwip_long_polls_limit",
    "How many requests may wait, in all live processes.",
    multiprocess_mode="livesum",
)
REDIS_BREAKER_OPEN = Gauge(
    "kwip_redis_breaker_open",
    "1 while a Redis is not asked because it failed, in any live process.",
    ["role"],
    multiprocess_mode="livemax",
)

MONGO_COMMANDS = Histogram(
    "kwip_mongo_command_duration_seconds",
    "Time from sending a command to MongoDB to its answer.",
    ["command", "collection"],
    buckets=(0.001, 0.005, 0.025, 0.1, 0.5, 2.5),
)
MONGO_HAS_PRIMARY = Gauge(
    "kwip_mongo_has_primary",
    "0 while any live process knows of no primary.",
    multiprocess_mode="livemin",
)
MONGO_MEMBERS = Gauge(
    "kwip_mongo_members",
    "Members of the replica set, by state.",
    ["state"],
    multiprocess_mode="livemostrecent",
)
MONGO_TERM = Gauge(
    "kwip_mongo_election_term",
    "The term of the replica set, which each election raises.",
    multiprocess_mode="livemax",
)
FSCK_FINDINGS = Gauge(
    "kwip_fsck_findings",
    "What the last `kwip fsck` left unrepaired, by check.",
    ["check"],
    multiprocess_mode="livemostrecent",
)
FSCK_LAST_RUN = Gauge(
    "kwip_fsck_last_run_timestamp_seconds",
    "When `kwip fsck` last ended; 0 if it never did.",
    multiprocess_mode="livemostrecent",
)
BACKUP_LAST_SUCCESS = Gauge(
    "kwip_backup_last_success_timestamp_seconds",
    "When the newest backup was begun; 0 if there is none.",
    multiprocess_mode="livemostrecent",
)
BUILD_INFO = Gauge(
    "kwip_build_info",
    "Live processes, by version and role.",
    ["version", "role"],
    multiprocess_mode="liveall",
)
#: Series that are made from the list of live processes when the numbers are read.
AT_SCRAPE = ("kwip_open_fds", "kwip_max_fds")


def leave() -> None:
    """Remove the live gauges of this process, which only forks those that have them."""
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):  # noqa: TID251 -- no setting
        multiprocess.mark_process_dead(os.getpid(), folder)  # type: ignore[no-untyped-call]


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
        is_alive: Returns whether the live gauges of a process id count.
    """

    def __init__(self, folder: Path, is_alive: Callable[[int], bool]):
        super().__init__(None, path=str(folder))  # type: ignore[no-untyped-call] # no types
        self._folder = folder
        self._is_alive = is_alive

    def collect(self) -> Iterable[Metric]:
        """Add up the numbers, without the live gauges of other processes."""
        for metric in self.merge(self._files()):  # type: ignore[no-untyped-call]
            if metric.name == BUILD_INFO._name:  # noqa: SLF001 -- has no other
                yield from _of_processes(metric)
            else:
                yield metric

    def _files(self) -> list[str]:
        """List the files that count; delete the live gauges of ended processes."""
        counted = []
        for file in self._folder.glob("*.db"):
            pid = int(file.stem.rpartition("_")[2])
            if not file.name.startswith("gauge_live") or self._is_alive(pid):
                counted.append(str(file))
            elif not Path(f"/proc/{pid}").exists():
                file.unlink(missing_ok=True)
        return counted


def _of_processes(info: Metric) -> Iterator[Metric]:
    """Count live processes, and the files that those of each role have open.

    Of each role, the process that is nearest to its limit counts.
    """
    versions: Tally[tuple[str, str]] = Tally()
    files: dict[str, tuple[int, int]] = {}
    for sample in info.samples:
        role = sample.labels["role"]
        versions[sample.labels["version"], role] += 1
        with contextlib.suppress(OSError):  # it has ended, or is somebody else's
            pid = int(sample.labels["pid"])
            used = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 -- only counted
            limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)[0]
            files[role] = max(files.get(role, (0, 1)), (used, limit), key=_share)
    builds = GaugeMetricFamily(
        info.name, info.documentation, labels=("version", "role")
    )
    for labels, count in versions.items():
        builds.add_metric(labels, count)
    yield builds
    for name, about, which in zip(
        AT_SCRAPE, ("Open files.", "The limit of open files."), (0, 1), strict=True
    ):
        family = GaugeMetricFamily(name, about, labels=("role",))
        for role, pair in files.items():
            family.add_metric((role,), pair[which])
        yield family


def _share(files: tuple[int, int]) -> float:
    return files[0] / files[1]


class _Server(ThreadingWSGIServer):
    """Serves the numbers, also where another process of the same role does so."""

    allow_reuse_port = True


class _Handler(WSGIRequestHandler):
    """Answers without a line in the log."""

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def serve(
    folder: Path, port: int, is_alive: Callable[[int], bool]
) -> Callable[[], None]:
    """Serve the sum of all processes' numbers in `folder` on 127.0.0.1, in a thread.

    Several processes of a user can share the port.
    Returns a function that stops it; a program that is about to exit need not call it.

    Raises:
        OSError: If it cannot listen on the port.
    """
    registry = CollectorRegistry()
    registry.register(_Processes(folder, is_alive))
    app = make_wsgi_app(registry)
    server = make_server("127.0.0.1", port, app, _Server, _Handler)
    thread = Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()

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


def open_requests(folder: Path, is_alive: Callable[[int], bool]) -> int:
    """Count the requests that are open now in the processes in `folder`."""
    samples = _samples(folder, is_alive)
    name = "kwip_http_requests_open"
    return int(sum(sample.value for sample in samples if sample.name == name))


def _samples(folder: Path, is_alive: Callable[[int], bool]) -> Iterator[Sample]:
    if folder.is_dir():
        for metric in _Processes(folder, is_alive).collect():
            yield from metric.samples
