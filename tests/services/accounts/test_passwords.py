"""What a hash costs, how many are made at once, and what the others get."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import argon2
import pytest
from prometheus_client import REGISTRY

from kwip.domain.errors import StoreUnavailableError
from kwip.services.accounts import passwords
from kwip.services.accounts.passwords import Passwords
from tests.servers import START_S, wait_until


@pytest.fixture
def hashing():
    return Passwords(at_once=1, room=1)


class SlowHasher:
    """Counts who hashes at the same time; nobody comes to an end before `go_on`."""

    def __init__(self):
        self.go_on = threading.Event()
        self.under_way, self.most = 0, 0
        self._lock = threading.Lock()

    def hash(self, password):
        with self._lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.go_on.wait(START_S)
        with self._lock:
            self.under_way -= 1
        return password


@pytest.fixture
def slow(monkeypatch):
    """Return a function that makes a hashing whose hashes take until `go_on`."""
    hasher = SlowHasher()

    def make(**limits):
        made = Passwords(**limits)
        monkeypatch.setattr(made, "_hasher", hasher)
        return made, hasher

    return make


def test_a_hash_costs_19_mib_and_two_passes(monkeypatch):
    monkeypatch.setattr(passwords, "PasswordHasher", argon2.PasswordHasher)

    stored = Passwords(at_once=1, room=1).hash("correct horse")

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def shed():
    return REGISTRY.get_sample_value("kwip_password_hashes_shed_total")


def test_when_the_room_is_full_others_are_sent_away_at_once(slow, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_S", 3_600.0)
    hashing, hasher = slow(at_once=1, room=3)
    before = shed()
    with ThreadPoolExecutor(5) as threads:
        inside = [threads.submit(hashing.hash, "correct horse") for _ in range(3)]
        wait_until(lambda: hashing._room._value == 0)
        outside = [
            threads.submit(hashing.hash, "correct horse"),
            threads.submit(hashing.matches, "stored", "correct horse"),
        ]
        errors = [each.exception(timeout=START_S / 2) for each in outside]
        hasher.go_on.set()

        assert [each.result() for each in inside] == ["correct horse"] * 3
    assert [type(error) for error in errors] == [StoreUnavailableError] * 2
    assert all(error.retry_after_s > 0 for error in errors)
    assert shed() == before + 2
    assert hashing.hash("correct horse")


def test_who_is_known_waits_for_room_that_strangers_take(hashing):
    stored = hashing.hash("correct horse")
    hashing._room.acquire()
    with ThreadPoolExecutor(1) as threads:
        known = threads.submit(hashing.matches, stored, "correct horse", waits=True)
        wait_until(hashing._room._cond._waiters.__len__)
        with pytest.raises(StoreUnavailableError):
            hashing.matches(stored, "correct horse")
        hashing._room.release()

        assert known.result()


@pytest.mark.parametrize("at_once", [1, 2])
def test_no_more_hashes_are_under_way_than_are_allowed(slow, at_once):
    hashing, hasher = slow(at_once=at_once, room=4)
    with ThreadPoolExecutor(4) as threads:
        inside = [threads.submit(hashing.hash, "correct horse") for _ in range(4)]
        wait_until(lambda: hasher.under_way == at_once and hashing._room._value == 0)
        hasher.go_on.set()

        assert len([each.result() for each in inside]) == 4
    assert hasher.most == at_once


def test_who_waits_too_long_is_sent_away_and_comes_in_later(slow, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.0)
    hashing, hasher = slow(at_once=1, room=2)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(hashing.hash, "correct horse")
        wait_until(lambda: hasher.under_way == 1)
        with pytest.raises(StoreUnavailableError):
            hashing.hash("correct horse")
        hasher.go_on.set()
        first.result()

    assert hashing.hash("correct horse")


def test_wrong_passwords_keep_no_place(hashing):
    stored = hashing.hash("correct horse")

    assert [hashing.matches(stored, "wrong") for _ in range(4)] == [False] * 4
    assert not hashing.matches("no hash", "wrong")
    assert not hashing.matches(None, "nobody has this password")
    assert hashing.matches(stored, "correct horse")
