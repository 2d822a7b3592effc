"""Signed addresses: valid for a day or two, the same for a day."""

from __future__ import annotations

import io

import pytest

from kwip.domain.ids import AttachmentId, first_id_at
from kwip.domain.media.attachments import file_name
from kwip.domain.signed_addresses import DAY_S, Signer

ID = AttachmentId(first_id_at(1_800_000_000_000 + 12_345_678))
NOW_S = 1_800_100_000


class Clock:
    def __init__(self, now_s=NOW_S):
        self.now_s = now_s

    def __call__(self):
        return self.now_s * 1_000


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def signer(clock):
    return Signer(["new key", "old key"], clock)


def test_an_address_is_the_same_for_a_day_and_valid_for_another(signer, clock):
    addresses = {}
    for hour in range(72):
        clock.now_s = NOW_S + hour * 3_600
        expires_s, signature = signer.sign(ID, "small.webp")
        addresses.setdefault((expires_s, signature), []).append(hour)
        assert DAY_S < expires_s - clock.now_s <= 2 * DAY_S
        assert signer.is_valid(ID, "small.webp", expires_s, signature)

    assert [len(hours) for hours in addresses.values()][1:-1] == [24, 24]


def test_an_address_ends(signer, clock):
    expires_s, signature = signer.sign(ID, "small.webp")

    clock.now_s = expires_s - 1
    assert signer.is_valid(ID, "small.webp", expires_s, signature)
    clock.now_s = expires_s
    assert not signer.is_valid(ID, "small.webp", expires_s, signature)


def test_nothing_of_an_address_can_be_changed(signer):
    expires_s, signature = signer.sign(ID, "small.webp")

    for changed in (
        (AttachmentId(ID + 1), "small.webp", expires_s, signature),
        (ID, "large.webp", expires_s, signature),
        (ID, "small.webp", expires_s + 1, signature),
        (ID, "small.webp", expires_s, signature[::-1]),
        (ID, "small.webp", expires_s, ""),
        (ID, "small.webp", expires_s, "é"),
    ):
        assert not signer.is_valid(*changed), changed


def test_after_the_key_has_changed_old_addresses_are_still_accepted(signer, clock):
    signed = Signer(["old key"], clock).sign(ID, "small.webp")
    stranger = Signer(["another key"], clock).sign(ID, "small.webp")

    assert signer.is_valid(ID, "small.webp", *signed)
    assert not signer.is_valid(ID, "small.webp", *stranger)


def test_the_name_of_a_file_depends_on_the_sites_key(clock):
    files = {n: io.BytesIO(c) for n, c in (("a.webp", b"large"), ("b.webp", b"small"))}
    keys = [Signer([text], clock).file_key for text in ("one", "one", "two")]

    first, same, other = (file_name(files, key) for key in keys)

    assert first == same != other
    moved = {n: io.BytesIO(c) for n, c in (("a.webp", b"larges"), ("b.webp", b"mall"))}
    assert file_name(moved, keys[0]) != first
