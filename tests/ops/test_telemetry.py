"""The series, summed over processes as the supervisor serves them."""

from __future__ import annotations

import os
import subprocess
import sys
from urllib.request import urlopen

import pytest

from config.settings import PROJECT
from kwip import telemetry
from tests.ops.disk import on_small_disk
from tests.ops.stack import free_port

SERIES = {
    "kwip_http_requests_total",
    "kwip_http_request_duration_seconds",
    "kwip_fanout_lag_seconds",
    "kwip_fanout_oldest_pending_seconds",
    "kwip_deliveries_total",
    "kwip_jobs_total",
    "kwip_cache_requests_total",
    "kwip_cache_without_lease_seconds_total",
    "kwip_redis_breaker_open",
    "kwip_loop_heartbeat_timestamp_seconds",
    "kwip_loop_failures_total",
    "kwip_dead_letters",
    "kwip_mongo_command_duration_seconds_bucket",
    "kwip_mongo_has_primary",
}
WORK = """
from kwip import telemetry
telemetry.observe_request("/home", "GET", 204, 0.03)
telemetry.DELIVERIES.inc(3)
telemetry.JOBS.labels("fanout", "done").inc()
telemetry.FANOUT_LAG.observe(0.2)
telemetry.FANOUT_OLDEST_PENDING.set(4)
telemetry.CACHE_REQUESTS.labels("post", "hit").inc()
telemetry.CACHE_WITHOUT_LEASE.inc(0.5)
telemetry.REDIS_BREAKER_OPEN.labels("cache").set(1)
telemetry.LOOP_FAILURES.labels("sweeper").inc()
telemetry.LOOP_HEARTBEAT.labels("sweeper").set(time)
telemetry.DEAD_LETTERS.labels("post").set(1)
telemetry.MONGO_COMMANDS.labels("find", "posts").observe(0.01)
telemetry.MONGO_HAS_PRIMARY.set(time == 1_000)
"""
#: Opens some files, and waits for its end.
OPEN = """
import os, sys
from kwip import telemetry
telemetry.BUILD_INFO.labels("1.0", "web").set(1)
files = [os.open("/dev/null", os.O_RDONLY) for _ in range(int(sys.argv[1]))]
print("open", flush=True)
sys.stdin.read()
"""
#: Counts on a full disk, more than the files have room for at first, and prints what
#: can be read as soon as there is room again and everything has been counted once more.
FULL = """
import os, sys
from pathlib import Path
from prometheus_client import CollectorRegistry, multiprocess
from tests.ops.disk import fill

def count():
    telemetry.DELIVERIES.inc()
    for number in range(600):
        telemetry.JOBS.labels(f"job {number}", "done").inc()

folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
if "from the start" in sys.argv:
    fill(folder)
from kwip import telemetry
filler = fill(folder)
count()
filler.unlink()
count()
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
found = [sample for metric in registry.collect() for sample in metric.samples]
jobs = [sample.value for sample in found if sample.name == "kwip_jobs_total"]
print(registry.get_sample_value("kwip_deliveries_total"), len(jobs), set(jobs))
"""


@pytest.fixture
def folder(tmp_path):
    """Return a folder into which two processes have counted."""
    for time in (1_000, 1_001):
        count(tmp_path, f"time = {time}\n{WORK}")
    return tmp_path


def count(folder, program):
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)}
    subprocess.run(
        [sys.executable, "-c", program], check=True, env=environ, cwd=PROJECT
    )


@pytest.fixture
def living():
    """Return what is empty once the processes count as dead."""
    return ["all"]


@pytest.fixture
def scrape(folder, living):
    port = free_port()
    end = telemetry.serve(folder, port, lambda _: bool(living))

    def read():
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return answer.read().decode()

    yield read
    end()


def test_every_series_is_served(scrape):
    page = scrape()

    assert {name for name in SERIES if f"\n{name}" in page} == SERIES


def test_only_the_sweeper_has_the_series_that_an_alert_misses(scrape):
    assert "\nkwip_backup_last_success_timestamp_seconds" not in scrape()


def test_the_processes_are_summed(scrape):
    page = scrape()
    labels = '{method="GET",route="/home",status_class="2xx"}'

    assert "kwip_deliveries_total 6.0" in page
    assert f"kwip_http_requests_total{labels} 2.0" in page
    assert f"kwip_http_request_duration_seconds_count{labels} 2.0" in page


def test_a_live_gauge_ends_with_its_process_and_a_counter_does_not(living, scrape):
    assert "kwip_redis_breaker_open{" in scrape()
    living.clear()

    page = scrape()
    assert "kwip_redis_breaker_open{" not in page
    assert "kwip_deliveries_total 6.0" in page


def test_the_oldest_heartbeat_of_all_live_processes_is_told(folder):
    assert telemetry.heartbeats(folder, lambda _: True) == {"sweeper": 1_000}
    assert telemetry.heartbeats(folder, lambda _: False) == {}


def test_counting_some_processes_leaves_the_live_gauges_of_the_others(folder):
    [ended, _] = {pid_of(file) for file in folder.glob("gauge_livemin_*.db")}
    for file in folder.glob(f"*_{ended}.db"):
        file.rename(file.with_stem(f"{file.stem.rpartition('_')[0]}_{os.getpid()}"))

    assert telemetry.open_requests(folder, lambda _: False) == 0
    assert {pid_of(file) for file in folder.glob("gauge_live*.db")} == {os.getpid()}
    assert telemetry.heartbeats(folder, lambda pid: pid == os.getpid())


def pid_of(file):
    return int(file.stem.rpartition("_")[2])


def test_one_process_without_a_primary_is_enough(scrape):
    assert "kwip_mongo_has_primary 0.0" in scrape()


def test_files_are_those_of_the_process_of_a_role_that_is_nearest_to_its_limit(
    tmp_path,
):
    environ = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN, str(files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environ,
            cwd=PROJECT,
        )
        for files in (30, 60)
    ]
    assert [process.stdout.readline() for process in processes] == [b"open\n"] * 2
    found = {
        sample.name: (sample.labels, sample.value)
        for sample in telemetry._samples(tmp_path, lambda _: True)
    }
    for process in processes:
        process.communicate()

    assert found["kwip_build_info"] == ({"version": "1.0", "role": "web"}, 2)
    role, files = found["kwip_open_fds"]
    assert role == {"role": "web"}
    assert 60 < files < 90
    assert found["kwip_max_fds"][1] > files


@pytest.mark.parametrize("since", ["from the start", "later"])
def test_a_process_on_a_full_disk_lives_and_loses_no_number(tmp_path, since):
    run = subprocess.run(
        on_small_disk(tmp_path, "600k", sys.executable, "-c", FULL, since),
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )

    assert (run.returncode, run.stdout, run.stderr) == (0, "2.0 600 {2.0}\n", "")
