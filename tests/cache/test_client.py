"""What a call costs when Redis is down, hangs, refuses or comes back."""

from __future__ import annotations

import os
import time

import pytest
import redis

from kwip.cache import keys
from kwip.cache.client import Breaker, Client, ClientTimes
from kwip.cache.entity_cache import Ask, CacheLease, EntityCache, Filling

LEASE = CacheLease("deployment", 1)
ASK = Ask(keys.post(1), "doc", 300)
FILLING = Filling(keys.post(1), "doc", b"g" * 12, 1, b"text")
#: A tenth of the real times.
TENTH = ClientTimes(call_s=0.02, breaker_s=0.1)
#: What a busy machine may add to a wait.
SLACK_S = 0.03

#: Each function of the cache, what it answers without Redis, and how many waits of
#: `call_s` it may take.
FUNCTIONS = {
    "read": (lambda objects: objects.read(LEASE, [ASK]), None, 1),
    "fill": (lambda objects: objects.fill(LEASE, [FILLING]), None, 1),
    "drop": (lambda objects: objects.invalidate_confirmed("d", [ASK.key]), False, 2),
    "probe": (lambda objects: objects.probe("d", "me"), False, 1),
}
each_function = pytest.mark.parametrize(
    ("call", "answer", "waits"), FUNCTIONS.values(), ids=FUNCTIONS
)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def server(private_valkey):
    return private_valkey()


@pytest.fixture
def client(server):
    client = Client(server.uri, times=TENTH)
    yield client
    client.close()


@pytest.fixture
def objects(client):
    return EntityCache(client)


def timed(call):
    began = time.monotonic()
    answer = call()
    return answer, time.monotonic() - began


def fastest(call, tries=5):
    """Take the quickest of some tries: the promise is ours, a delay the machine's."""
    answers = [timed(call) for _ in range(tries)]
    return answers[0][0], min(seconds for _, seconds in answers)


@each_function
def test_without_redis_it_answers_at_once(server, objects, client, call, answer, waits):
    server.kill()

    def attempt():
        client.breaker.note(worked=True)
        return call(objects)

    given, seconds = fastest(attempt)

    assert given is answer
    assert seconds < SLACK_S


@each_function
def test_a_hanging_redis_costs_its_waits_only(
    server, objects, client, call, answer, waits
):
    client.run(objects._read, [], [b"", b""])  # opens a connection
    server.freeze()

    def attempt():
        client.breaker.note(worked=True)
        return call(objects)

    given, seconds = fastest(attempt)

    assert given is answer
    assert TENTH.call_s * waits <= seconds < TENTH.call_s * waits + SLACK_S


@each_function
def test_after_an_outage_it_works_again(server, client, objects, call, answer, waits):
    server.kill()
    call(objects)

    server.start()
    client.breaker.note(worked=True)

    assert call(objects) not in (None, False)


def test_a_stopped_server_is_asked_once_and_then_not_for_a_while(server, objects):
    server.freeze()
    objects.read(LEASE, [ASK])

    _, seconds = fastest(lambda: objects.read(LEASE, [ASK]))

    assert seconds < TENTH.call_s


def test_an_invalidation_goes_past_the_open_breaker(server, objects, client):
    client.breaker.note(worked=False)

    assert objects.read(LEASE, [ASK]) is None
    assert objects.invalidate_confirmed("d", [ASK.key])
    assert objects.read(LEASE, [ASK]) is not None


def test_an_invalidation_survives_connections_that_died_with_the_server(
    server, objects
):
    assert objects.read(LEASE, [ASK]) is not None
    server.kill()
    server.start()

    assert objects.invalidate_confirmed("d", [ASK.key])


def test_after_a_failure_no_connection_to_the_dead_server_is_used(server, objects):
    client = objects._client
    client._idle.extend([client._connect(), client._connect()])
    server.kill()
    assert objects.read(LEASE, [ASK]) is None
    server.start()
    client.breaker.note(worked=True)

    assert objects.read(LEASE, [ASK]) is not None


def test_a_refused_invalidation_is_not_confirmed(server, objects):
    with redis.Redis.from_url(server.uri) as raw:
        raw.replicaof("127.0.0.1", "1")

        assert objects.invalidate_confirmed("d", [ASK.key]) is False


def test_a_full_server_that_may_not_evict_is_a_miss(server, objects):
    with redis.Redis.from_url(server.uri) as raw:
        raw.config_set("maxmemory-policy", "noeviction")
        raw.config_set("maxmemory", "1")

        assert objects.read(LEASE, [ASK]) is None


def test_a_wrong_password_is_a_miss(server):
    client = Client(server.uri.replace("unix://:", "unix://:wrong"), times=TENTH)

    assert EntityCache(client).read(LEASE, [ASK]) is None


def test_a_dead_address_is_a_miss():
    client = Client("redis://127.0.0.1:1/0", times=TENTH)

    assert EntityCache(client).read(LEASE, [ASK]) is None


def test_a_late_answer_is_never_taken_for_the_next_one(server, objects):
    assert objects.read(LEASE, [ASK]) is not None
    server.freeze()
    assert objects.read(LEASE, [ASK]) is None
    server.thaw()

    assert objects.invalidate_confirmed("d", [ASK.key])
    two = [ASK, ASK._replace(key=keys.post(2))]
    assert len(objects.read(LEASE, two)) == 2


def test_a_forked_process_does_not_share_its_parents_connections(server, objects):
    objects.read(LEASE, [ASK])
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        answered = objects.read(LEASE, [ASK]) is not None
        with redis.Redis.from_url(server.uri) as raw:
            connections = len(raw.client_list())
        os._exit(0 if answered and connections == 3 else 1)

    _, status = os.waitpid(child, 0)

    assert status == 0
    assert objects.read(LEASE, [ASK]) is not None


def test_the_breaker_lets_one_caller_try_after_each_pause():
    clock = Clock()
    breaker = Breaker(1.0, clock)
    assert breaker.lets_through()

    breaker.note(worked=False)
    assert breaker.is_open
    assert not breaker.lets_through()
    clock.now = 1.0
    assert [breaker.lets_through(), breaker.lets_through()] == [True, False]

    breaker.note(worked=False)
    clock.now = 1.9
    assert not breaker.lets_through()


def test_the_breaker_closes_after_a_call_that_worked():
    breaker = Breaker(1.0, Clock())
    breaker.note(worked=False)

    breaker.note(worked=True)

    assert not breaker.is_open
    assert breaker.lets_through()


def test_few_connections_stay_open(server):
    client = Client(server.uri, idle=1)
    taken = [client._connect(), client._connect()]
    client._idle.extend(taken[:1])
    objects = EntityCache(client)

    objects.invalidate_confirmed("d", [ASK.key])
    client._idle.append(taken[1])
    objects.probe("d", "me")

    assert len(client._idle) <= 2
    client.close()
    assert not client._idle
