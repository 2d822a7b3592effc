"""Invalidations of what may lag: at once after a pause, else by Redis at its end."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace

import pytest

from kwip.cache import codec, keys
from kwip.cache.client import Script
from kwip.cache.entity_cache import (
    Ask,
    EntityCache,
    Filling,
    Found,
    NewPage,
    PageLookup,
)
from tests.servers import wait_until

KEY = keys.post(1)
#: Long enough that a busy machine does two calls in it, and short enough to wait for.
PACE_MS = 400
PACED = keys.Debounced(KEY, PACE_MS)
TTL_S = 300


@pytest.fixture(autouse=True)
def nothing_lags():
    """Let lag what may."""


@pytest.fixture
def drop(objects, lease):
    return lambda *invalidated: objects.invalidate_confirmed(
        lease.deployment, invalidated
    )


@pytest.fixture
def generation(objects, lease):
    """Return what reads the entity's generation, and makes one if it has none."""
    return lambda: objects.read(lease, [Ask(KEY, "doc", TTL_S)])[0]


@pytest.fixture
def left_ms(raw, lease):
    """Return what tells how long the entity lives."""
    return lambda: raw.pttl(keys.full(lease.deployment, KEY))


def test_after_a_pause_it_is_invalidated_at_once(drop, generation):
    before = generation()

    assert drop(PACED)

    assert generation() != before


def test_soon_after_it_is_invalidated_by_redis_when_the_pause_is_over(
    drop, generation, left_ms
):
    drop(PACED)
    before = generation()

    assert drop(PACED)

    assert 0 < left_ms() <= PACE_MS
    wait_until(lambda: generation() != before)


def test_without_the_later_edge_it_would_stay(objects, drop, generation, left_ms):
    source = objects._invalidate.source.replace(b"PEXPIREAT", b"PEXPIRETIME")
    source = source.replace(b"'PEXPIRETIME', entity, due", b"'PEXPIRETIME', entity")
    objects._invalidate = replace(
        objects._invalidate, source=source, digest=Script("", "0", "").digest
    )
    drop(PACED)
    generation()

    drop(PACED)

    assert left_ms() > PACE_MS


def test_what_was_loaded_before_the_invalidation_ends_with_the_pause(
    objects, drop, generation, lease, left_ms
):
    drop(PACED)
    before = codec.Generation(generation())
    drop(PACED)

    filling = Filling(KEY, "doc", before, 1, b"what was there before")

    assert objects.fill(lease, [filling]) in ([0], [1])
    assert left_ms() <= PACE_MS
    wait_until(lambda: generation()[:12] != before)


def test_what_is_read_again_meanwhile_ends_with_the_pause_too(
    drop, generation, left_ms
):
    drop(PACED)
    drop(PACED)
    drop(KEY)
    generation()
    assert left_ms() > PACE_MS

    drop(PACED)

    assert left_ms() <= PACE_MS


def test_a_burst_costs_one_invalidation_in_each_pause(drop, generation):
    began, seen, writes = time.monotonic(), set(), 0
    while time.monotonic() - began < 3 * PACE_MS / 1000:
        drop(PACED)
        seen.add(generation())
        writes += 1

    passed_ms = (time.monotonic() - began) * 1000
    assert writes > 2 * len(seen)
    # Each drop gives one generation more than there are drops.
    assert len(seen) <= 2 + passed_ms / PACE_MS


def test_one_that_must_not_lag_is_invalidated_beside_it(drop, generation, raw, lease):
    other = keys.Debounced(keys.post(2), PACE_MS)
    drop(other)
    before = generation()

    drop(KEY, other)

    assert generation() != before


def test_a_clock_that_was_set_back_puts_nothing_off(drop, generation, raw, lease):
    ahead = int(time.time() * 1000) + 3_600_000
    raw.set(keys.full(lease.deployment, keys.pace(KEY)), ahead)
    before = generation()

    drop(PACED)

    assert generation() != before


def test_a_later_invalidation_costs_one_round_trip(client, drop):
    drop(KEY, PACED)  # the server knows the script from now on
    trips = client.round_trips

    drop(KEY, PACED)

    assert client.round_trips == trips + 1


def _write_and_die(make, said):
    node = make()
    assert node.fence.await_lease(30)
    for text in ("first", "second"):
        node.notes.write(1, text)
        node.fence.invalidate([PACED])
        if text == "first":
            said.put(node.read(1).text)
    os.kill(os.getpid(), signal.SIGKILL)


def test_it_is_invalidated_though_the_writer_was_killed_in_between(node):
    reader = node()
    assert reader.fence.await_lease(30)
    fork = multiprocessing.get_context("fork")
    said = fork.Queue()
    writer = fork.Process(target=_write_and_die, args=(node, said))

    writer.start()
    assert said.get(timeout=60) == "first"
    writer.join(timeout=60)

    assert writer.exitcode == -signal.SIGKILL
    wait_until(lambda: reader.read(1).text == "second")


def test_a_redis_that_is_gone_confirms_nothing(client, lease):
    client._factory.connection_kwargs["path"] = "/nowhere.sock"

    assert not EntityCache(client).invalidate_confirmed(lease.deployment, [PACED])


WRITER, OTHER = 7, 8
#: Longer than any test.
WROTE = keys.Debounced(KEY, 600_000, WRITER)
PAGE = PageLookup(keys.page("page"))


@pytest.fixture
def read(objects, lease):
    """Return what reads a view of the entity as somebody."""

    def read(reader_id=None, variant="doc"):
        return objects.read(lease, [Ask(KEY, variant, TTL_S)], None, reader_id)[0]

    return read


@pytest.fixture
def fill(objects, lease, read):
    """Return what fills a view of the entity under its generation; 1 if it did."""

    def fill(payload, version=1, variant="doc"):
        generation = codec.Generation(read(variant=variant)[:12])
        return objects.fill(
            lease, [Filling(KEY, variant, generation, version, payload)]
        )

    return fill


def test_who_wrote_is_given_nothing_while_others_go_on(drop, read, fill):
    drop(WROTE)
    fill(b"before")

    drop(WROTE)

    assert read(WRITER) == b""
    assert codec.payload(read(OTHER)) == codec.payload(read()) == b"before"


def test_when_the_pause_is_over_who_wrote_is_like_all_others(drop, read):
    wrote = WROTE._replace(pace_ms=PACE_MS)
    drop(wrote)
    read()

    drop(wrote)

    wait_until(lambda: len(read(WRITER)) == codec.GENERATION_BYTES)


def test_what_was_loaded_before_and_is_filled_later_is_not_for_who_wrote(
    drop, read, fill
):
    drop(WROTE)
    fill(b"before")
    drop(WROTE)

    assert fill(b"edited before", version=2) == [1]

    assert codec.payload(read()) == b"edited before"
    assert read(WRITER) == b""


def test_what_is_invalidated_at_once_or_not_there_is_for_who_wrote_too(
    drop, read, raw, lease
):
    drop(WROTE)  # at once
    assert len(read(WRITER)) == codec.GENERATION_BYTES

    drop(WROTE, KEY)
    drop(WROTE)

    assert not raw.exists(keys.full(lease.deployment, KEY))
    assert len(read(WRITER)) == codec.GENERATION_BYTES


def test_a_page_is_given_to_all_but_who_wrote_a_part_of_it(
    objects, drop, read, fill, lease
):
    drop(WROTE)
    fill(b"before")
    parts = {KEY: codec.origin_of(read())}
    objects.keep(lease, PAGE.key, NewPage(b"tag", b"the page"), parts)

    drop(WROTE)

    def opened(reader_id):
        return objects.open(lease, PAGE, [Ask(KEY, "doc", TTL_S)], None, reader_id)

    assert opened(OTHER) == opened(None) == Found(b"tag", b"the page", None)
    assert opened(WRITER) == [b""]


def test_many_who_write_leave_the_views_where_they_are(drop, read, fill):
    drop(WROTE)
    for number in range(31):
        fill(b"before", variant=f"view {number}")
    for user_id in range(100):
        drop(WROTE._replace(writer_id=user_id))

    fill(b"before", variant="view 31")

    assert codec.payload(read(variant="view 0")) == b"before"
    fill(b"before", variant="one too many")
    assert codec.is_miss(read(variant="view 0"))
    assert read(99, variant="one too many") == b""
