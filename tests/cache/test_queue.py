from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client import REGISTRY
from structlog.contextvars import bound_contextvars, clear_contextvars

from kwip.cache import queue as queue_module
from kwip.cache.queue import JobQueue, QueueDownError
from tests.servers import wait_until

LANES = {"fanout": "fanout", "edge": "compaction", "list": "compaction"}


class Time:
    def __init__(self):
        self.now_ms, self.monotonic_s = 1_000_000, 0.0


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def make_queue(endpoints, time):
    made = []
    clear_contextvars()

    def make(uri=endpoints.redis_queue_uri):
        queue = JobQueue(uri, LANES, lambda: time.now_ms, lambda: time.monotonic_s)
        made.append(queue)
        return queue

    yield make
    for queue in made:
        queue.close()


@pytest.fixture
def queue(make_queue):
    return make_queue()


def test_jobs_are_taken_in_their_order_and_once(queue):
    assert queue.enqueue("fanout", "17")
    assert queue.enqueue("fanout", "18")

    assert queue.take(["fanout"]) == ("fanout", "17", "")
    assert queue.take(["fanout"]) == ("fanout", "18", "")


def test_the_first_lane_that_has_a_job_is_served(queue):
    queue.enqueue("fanout", "17")
    queue.enqueue("edge", "1:2")

    assert queue.take(["compaction", "fanout"]) == ("edge", "1:2", "")
    assert queue.take(["compaction", "fanout"]) == ("fanout", "17", "")


def test_whoever_waits_gets_what_comes(queue, make_queue):
    other = make_queue()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queue.take, ["fanout", "compaction"])
        wait_until(lambda: other._client.info("clients")["blocked_clients"])
        other.enqueue("list", "1:9")

        assert waiting.result() == ("list", "1:9", "")


def test_without_a_job_the_wait_ends(queue, monkeypatch):
    monkeypatch.setattr(queue_module, "TAKE_S", 0.05)

    assert queue.take(["fanout"]) is None


def test_sizes_count_jobs_and_the_time_of_the_first(queue, time):
    queue.enqueue("edge", "1:2")
    time.now_ms += 5_000
    queue.enqueue("list", "1:9")

    assert queue.sizes() == {
        "fanout": {"waiting": 0, "oldest_s": 0.0},
        "compaction": {"waiting": 2, "oldest_s": 5.0},
    }


def test_a_lane_that_is_full_takes_no_more(queue, monkeypatch):
    monkeypatch.setattr(queue_module, "MOST", 2)

    assert [queue.enqueue("edge", f"{n}:2") for n in range(4)] == [
        True,
        True,
        False,
        False,
    ]
    assert queue.take(["compaction"]) == ("edge", "0:2", "")
    assert queue.sizes()["compaction"]["waiting"] == 1


def test_a_queue_that_is_down_is_left_alone_for_a_second(make_queue, time, tmp_path):
    queue = make_queue(f"unix://{tmp_path}/nothing")
    calls = []
    queue._client.rpush = lambda *_: calls.append(1) or _fail()

    assert not queue.enqueue("edge", "1:2")
    assert not queue.enqueue("edge", "1:2")
    assert len(calls) == 1
    time.monotonic_s += queue_module.QUIET_S
    assert not queue.enqueue("edge", "1:2")
    assert len(calls) == 2


def _fail():
    raise queue_module.RedisError


def test_a_queue_that_is_down_says_so(make_queue, tmp_path):
    queue = make_queue(f"unix://{tmp_path}/nothing")

    assert not queue.ping()
    assert not queue.enqueue("edge", "1:2")
    assert queue.sizes() == {"fanout": None, "compaction": None}
    with pytest.raises(QueueDownError):
        queue.take(["fanout"])


def test_a_worker_reports_a_queue_that_is_down_until_it_is_back(
    queue, make_queue, tmp_path
):
    def is_open():
        name = "kwip_redis_breaker_open"
        return REGISTRY.get_sample_value(name, {"role": "queue"})

    with pytest.raises(QueueDownError):
        make_queue(f"unix://{tmp_path}/nothing").take(["fanout"])
    assert is_open() == 1

    queue.enqueue("fanout", "17")
    queue.take(["fanout"])
    assert is_open() == 0


def test_a_job_has_the_id_of_the_request_that_enqueued_it(queue):
    with bound_contextvars(request_id="r1"):
        queue.enqueue("fanout", "17")
    assert queue.sizes()["fanout"]["oldest_s"] < 60

    assert queue.take(["fanout"]) == ("fanout", "17", "r1")
