"""The signal on a real Valkey, with the one who rings in another process."""

from __future__ import annotations

import multiprocessing
import queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwip import loops
from kwip.cache import signals as signal
from kwip.cache.client import Client
from kwip.cache.signals import Listener, RedisSignals, channel_of, pack, unpack
from kwip.domain.ids import MAX_ID
from tests.servers import wait_until

WITHIN_S = 10
topics = st.lists(
    st.sampled_from(["public"])
    | st.builds(
        "{}:{}".format,
        st.sampled_from(["home", "notifications"]),
        st.integers(0, MAX_ID),
    ),
    max_size=20,
)


class Ear:
    """What a listener heard, and whether it is linked."""

    def __init__(self):
        self.rings = queue.Queue()
        self.words = []

    def heard(self, found):
        self.rings.put(list(found))

    def linked(self):
        self.words.append("linked")

    def unlinked(self):
        self.words.append("unlinked")

    def next(self):
        return self.rings.get(timeout=WITHIN_S)

    def is_linked(self):
        return self.words[-1:] == ["linked"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(signal, "LOOK_S", 0.02)
    monkeypatch.setattr(signal, "RETRY_S", 0.02)
    monkeypatch.setattr(signal, "ASK_S", 0.05)
    monkeypatch.setattr(signal, "DEAF_S", 0.3)


@pytest.fixture
def listen(endpoints):
    """Return a function that starts a listener and gives its ear, once it hears."""
    started = []

    def start(uri=None, deployment=lambda: "d1"):
        ear = Ear()
        listener = Listener(uri or endpoints.redis_realtime_uri, deployment, ear)
        listener.loop.start()
        started.append(listener)
        wait_until(ear.is_linked)
        return ear

    yield start
    for listener in started:
        listener.loop.stop()


@pytest.fixture
def signals(endpoints):
    client = Client(endpoints.redis_realtime_uri, role="realtime")
    yield RedisSignals(client, lambda: "d1")
    client.close()


def ring(uri, found):
    """Ring as another process does."""
    client = Client(uri, role="realtime")
    RedisSignals(client, lambda: "d1")(found)
    client.close()


@given(topics)
def test_what_is_packed_is_unpacked(found):
    assert set(unpack(pack(found))) == set(found)


def test_the_topics_of_a_chunk_take_eight_bytes_each():
    owners = [f"home:{MAX_ID - number}" for number in range(1_000)]

    assert len(pack(owners)) == 1_000 * 8 + len(b"\x04home") + 4


@pytest.mark.parametrize("noise", [b"\x09x", b"\xff", b"\x01\xff\0\0\0\0", b"\x01a\1"])
def test_noise_is_told_from_a_signal(noise):
    with pytest.raises(ValueError, match=r"\w"):
        list(unpack(noise))


def test_a_signal_of_another_process_is_heard_by_all_who_listen(endpoints, listen):
    ears = [listen(), listen()]
    ringer = multiprocessing.get_context("spawn").Process(
        target=ring, args=(endpoints.redis_realtime_uri, ["home:7", "home:9", "public"])
    )
    ringer.start()

    for ear in ears:
        assert ear.next() == ["home:7", "home:9", "public"]
    ringer.join(WITHIN_S)
    assert ringer.exitcode == 0


def test_without_topics_nobody_is_rung_for(listen, signals):
    ear = listen()
    signals([])
    signals(["public"])

    assert ear.next() == ["public"]


def test_another_deployment_on_the_same_redis_hears_nothing(listen, signals):
    other, own = listen(deployment=lambda: "d2"), listen()
    signals(["public"])

    assert own.next() == ["public"]
    assert other.rings.empty()


def test_noise_on_the_channel_does_not_end_the_listening(listen, signals):
    ear = listen()
    signals._realtime.insist("PUBLISH", channel_of("d1"), b"\x09x", fresh=False)
    signals(["public"])

    assert ear.next() == ["public"]


def test_a_deployment_that_changes_its_name_is_followed(listen, signals):
    names = ["d0"]
    ear = listen(deployment=lambda: names[-1])
    names.append("d1")
    wait_until(lambda: ear.words == ["linked", "unlinked", "linked"])
    signals(["public"])

    assert ear.next() == ["public"]


def test_without_redis_a_signal_is_lost_without_an_error_and_then_left_out():
    now, outcomes = [0.0], []
    client = Client("redis://127.0.0.1:1/0", role="realtime", clock=lambda: now[0])
    signals = RedisSignals(client, lambda: "d1")
    for moment in (0.0, 0.5, 1.5):
        now[0] = moment
        outcomes.append(signals._publish(["public"]))

    assert outcomes == ["failed", "skipped", "failed"]


def test_before_the_deployment_is_known_nothing_is_rung(signals):
    signals._deployment = lambda: None

    assert signals._publish(["public"]) == "skipped"


def test_a_stopped_redis_is_given_up(private_valkey):
    server = private_valkey("valkey-queue")
    client = Client(server.uri, role="realtime")
    signals = RedisSignals(client, lambda: "d1")
    assert signals._publish(["public"]) == "sent"
    server.freeze()
    outcomes = [signals._publish(["public"]) for _ in range(2)]
    server.thaw()
    client.close()

    assert outcomes == ["failed", "skipped"]


@pytest.mark.parametrize("way", ["kill", "freeze"])
def test_a_listener_says_that_it_is_deaf_and_hears_again(private_valkey, listen, way):
    server = private_valkey("valkey-queue")
    ear = listen(server.uri)
    getattr(server, way)()
    wait_until(lambda: not ear.is_linked())
    server.start() if way == "kill" else server.thaw()
    wait_until(ear.is_linked)
    ring(server.uri, ["public"])

    assert ear.next() == ["public"]


def test_a_listener_outlasts_an_error_of_who_hears(
    listen, signals, monkeypatch, quiet_log
):
    monkeypatch.setattr(loops, "FIRST_PAUSE_S", 0.01)
    ear = listen()
    with monkeypatch.context() as patched:
        patched.setattr(Ear, "heard", lambda *_: 1 / 0)
        signals(["public"])
        wait_until(lambda: ear.words == ["linked", "unlinked", "linked"])
    signals(["public"])

    assert ear.next() == ["public"]


def test_a_listener_that_was_never_started_can_be_stopped(endpoints):
    ear = Ear()
    Listener(endpoints.redis_realtime_uri, lambda: "d1", ear).loop.stop()

    assert ear.rings.empty()
