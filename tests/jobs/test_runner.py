from __future__ import annotations

import threading
from functools import partial

import pytest
from structlog.contextvars import clear_contextvars, get_contextvars

from kwip.cache.queue import JobQueue, QueuedJob
from kwip.domain.clock import system_clock_ms
from kwip.jobs.runner import LANES, Runner
from tests.servers import wait_until


@pytest.fixture
def queue(endpoints):
    clear_contextvars()
    queue = JobQueue(endpoints.redis_queue_uri, LANES, system_clock_ms)
    yield queue
    queue.close()


class Done:
    """What jobs have been run, one of which may be held up."""

    def __init__(self):
        self.jobs, self.request_ids = [], []
        self.let_go = threading.Event()

    def run(self, name, job_id):
        if job_id == "slow":
            self.let_go.wait(10.0)
        self.jobs.append((name, job_id))
        self.request_ids.append(get_contextvars().get("request_id"))


@pytest.fixture
def done():
    return Done()


@pytest.fixture
def start(queue, done, monkeypatch):
    # At the end each thread waits for the next job.
    monkeypatch.setattr("kwip.cache.queue.TAKE_S", 0.1)
    runners = []

    def start(threads):
        jobs = {
            name: lambda job_id, name=name: done.run(name, job_id) for name in LANES
        }
        runner = Runner(queue, jobs, threads=threads)
        runner.start()
        runners.append(runner)
        return runner

    yield start
    done.let_go.set()
    for runner in runners:
        runner.stop()


def test_jobs_are_run_as_they_come(queue, start, done):
    start(threads=1)
    queue.enqueue("fanout", "17")
    queue.enqueue("edge", "1:2")

    wait_until(lambda: sorted(done.jobs) == [("edge", "1:2"), ("fanout", "17")])


def test_a_burst_in_one_lane_does_not_hold_up_the_other(queue, start, done):
    for number in range(50):
        queue.enqueue("fanout", str(number))
    queue.enqueue("edge", "1:2")
    start(threads=1)

    wait_until(lambda: len(done.jobs) == 51)
    assert ("edge", "1:2") in done.jobs[:2]


def test_as_many_jobs_run_at_once_as_there_are_threads(queue, start, done):
    start(threads=2)
    queue.enqueue("fanout", "slow")
    queue.enqueue("fanout", "17")

    wait_until(lambda: done.jobs == [("fanout", "17")])


def test_a_job_under_way_is_finished_before_the_end(queue, start, done):
    runner = start(threads=1)
    queue.enqueue("fanout", "slow")
    wait_until(lambda: queue.sizes()["fanout"]["waiting"] == 0)
    stopping = threading.Thread(target=runner.stop)
    stopping.start()
    queue.enqueue("fanout", "17")
    done.let_go.set()
    stopping.join()

    assert done.jobs == [("fanout", "slow")]
    assert queue.sizes()["fanout"]["waiting"] == 1


def test_a_job_logs_with_the_id_of_its_request_and_the_next_one_without(queue, done):
    runner = Runner(queue, {"fanout": partial(done.run, "fanout")}, threads=1)
    runner._run(QueuedJob("fanout", "1", "r1"))
    runner._run(QueuedJob("fanout", "2"))

    assert done.request_ids == ["r1", None]
