"""What a hash costs, how many are made at once, and what the others get."""

from __future__ import annotations

import argon2
import pytest

from kwip.domain.errors import StoreUnavailableError
from kwip.services import passwords
from kwip.services.passwords import Passwords


@pytest.fixture
def hashing():
    return Passwords()


def test_a_hash_costs_19_mib_and_two_passes(monkeypatch):
    monkeypatch.setattr(passwords, "PasswordHasher", argon2.PasswordHasher)

    stored = Passwords().hash("correct horse")

    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_who_waits_too_long_is_sent_away_and_comes_in_later(hashing, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.0)
    stored = hashing.hash("correct horse")

    with hashing._slots, hashing._slots:
        for act in (
            lambda: hashing.hash("correct horse"),
            lambda: hashing.matches(stored, "correct horse"),
        ):
            with pytest.raises(StoreUnavailableError) as caught:
                act()
            assert caught.value.retry_after_s > 0

    assert hashing.matches(stored, "correct horse")


def test_wrong_passwords_keep_no_place(hashing, monkeypatch):
    monkeypatch.setattr(passwords, "PATIENCE_S", 0.0)
    stored = hashing.hash("correct horse")

    assert [hashing.matches(stored, "wrong") for _ in range(4)] == [False] * 4
    assert not hashing.matches("no hash", "wrong")
    assert not hashing.matches(None, "nobody has this password")
