"""Sliding windows: exact under parallel clients, bounded, open without Redis."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kwip.cache import keys, rate_limits
from kwip.cache.client import Client
from kwip.cache.entity_cache import Ask, Filling
from kwip.cache.rate_limits import ALONE, Charge, RateLimitWindows
from kwip.domain.rate_limits import Window

KEY, OTHER = keys.quota("posts", 1), keys.quota("deletes", 1)
NAME, OTHER_NAME = (keys.full(ALONE, key) for key in (KEY, OTHER))
US = 1_000_000


@pytest.fixture
def charges(client):
    return RateLimitWindows(client)


@pytest.fixture
def charge(charges):
    """Return a function that charges windows of the given limits."""

    def run(limit=3, other=None, span_s=60):
        windows = {KEY: Window("posts", limit, span_s)}
        if other is not None:
            windows[OTHER] = Window("deletes", other, span_s)
        return charges.charge(
            ALONE, Charge(tuple(windows), rate_limits.plain(list(windows.values())))
        )

    return run


def shift(raw, name, by_s):
    """Let everything that a window holds be older by so much."""
    for number, at in enumerate(raw.lrange(name, 0, -1)):
        raw.lset(name, number, int(at) - int(by_s * US))


def test_fifty_clients_at_once_get_exactly_the_limit(endpoints):
    clients = [Client(endpoints.redis_cache_uri) for _ in range(50)]
    terms = rate_limits.plain([Window("posts", 120, 60)])

    def hurry(client):
        charges = RateLimitWindows(client)
        found = [charges.charge(ALONE, Charge((KEY,), terms)) for _ in range(6)]
        return sum(verdict.is_allowed for verdict in found)

    with ThreadPoolExecutor(50) as pool:
        let_through = list(pool.map(hurry, clients))
    for client in clients:
        client.close()

    assert sum(let_through) == 120


def test_eight_processes_at_once_get_exactly_the_limit(endpoints):
    terms = rate_limits.plain([Window("posts", 100, 60)])
    children = []
    for _ in range(8):
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            charges = RateLimitWindows(Client(endpoints.redis_cache_uri))
            found = [charges.charge(ALONE, Charge((KEY,), terms)) for _ in range(25)]
            os._exit(sum(verdict.is_allowed for verdict in found))
        children.append(child)

    ends = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]

    assert sum(ends) == 100


def test_no_stretch_of_a_span_holds_more_than_the_limit(charge):
    let_through, end = [], time.monotonic() + 0.4
    while time.monotonic() < end:
        verdict = charge(limit=5, span_s=0.05)
        if verdict.is_allowed:
            let_through.append(verdict.now_us)

    assert len(let_through) > 5
    assert all(
        later - earlier >= 0.05 * US
        for earlier, later in zip(let_through, let_through[5:], strict=False)
    )


def test_a_charge_says_what_is_left_and_when_there_is_more(charge):
    first, second = charge(limit=2), charge(limit=2)
    refused = charge(limit=2)

    assert [v.remaining for v in (first, second, refused)] == [1, 0, 0]
    assert [v.is_allowed for v in (first, second, refused)] == [1, 1, 0]
    assert {v.limit for v in (first, second, refused)} == {2}
    assert {v.reset_us for v in (first, second, refused)} == {first.now_us + 60 * US}


def test_what_leaves_the_window_makes_room_for_as_much(charge, raw):
    for _ in range(2):
        charge()
    shift(raw, NAME, 60)
    charge()

    assert [charge().is_allowed for _ in range(3)] == [1, 1, 0]


def test_what_is_in_the_window_until_its_last_moment_counts(charge, raw):
    for _ in range(3):
        charge()
    shift(raw, NAME, 59)

    assert not charge().is_allowed


def test_a_refused_charge_is_charged_to_no_window(charge, raw):
    charge(other=1)
    refused = charge(other=1)

    assert (refused.is_allowed, refused.limit) == (0, 1)
    assert (raw.llen(NAME), raw.llen(OTHER_NAME)) == (1, 1)


def test_of_two_windows_the_one_with_less_left_is_told(charge):
    assert charge(limit=9, other=5).remaining == 4
    assert charge(limit=2, other=5).remaining == 0


def test_of_two_full_windows_the_one_that_frees_later_is_told(charge, raw):
    charge(limit=1, other=1)
    shift(raw, NAME, 50)

    first = charge(limit=1, other=1)
    shift(raw, OTHER_NAME, 55)
    second = charge(limit=1, other=1)

    assert 50 * US < first.reset_us - first.now_us <= 60 * US
    assert 5 * US < second.reset_us - second.now_us <= 10 * US


def test_a_lowered_limit_says_when_it_really_has_room(charge, raw):
    for _ in range(3):
        charge()
    newest = int(raw.lindex(NAME, -1))

    verdict = charge(limit=1)

    assert (verdict.is_allowed, verdict.reset_us) == (0, newest + 60 * US)


def test_a_window_holds_no_more_than_its_limit_and_ends_by_itself(charge, raw):
    for _ in range(10):
        charge()

    assert raw.llen(NAME) == 3
    assert 59_000 < raw.pttl(NAME) <= 60_001


def test_a_server_clock_that_was_set_back_locks_nobody_out(charge, raw):
    for _ in range(3):
        charge()
    shift(raw, NAME, -3_600)

    assert charge().is_allowed


def test_what_is_given_back_may_be_used_again(charge, charges, raw):
    first, second, third = charge(), charge(), charge()
    charges.give_back(ALONE, KEY, second.now_us)

    left = [int(at) for at in raw.lrange(NAME, 0, -1)]
    assert left == [first.now_us, third.now_us]
    assert [charge().is_allowed for _ in range(2)] == [1, 0]


def test_what_is_added_counts_as_requests_do_and_makes_no_window(
    charge, charges, client, raw
):
    first = charge(limit=9)
    trips = client.round_trips
    charges.add(ALONE, (KEY, OTHER), first.now_us, 5)
    assert client.round_trips == trips

    second = charge(limit=9)

    assert (first.remaining, second.remaining) == (8, 2)
    assert not raw.exists(OTHER_NAME)
    charges.add(ALONE, (KEY,), first.now_us, 8)
    refused = charge(limit=9)
    assert (refused.is_allowed, refused.reset_us) == (0, second.now_us + 60 * US)
    assert 59_000 < raw.pttl(NAME) <= 60_001


def test_a_charge_without_windows_is_no_limit(charges):
    verdict = charges.charge(ALONE, Charge((), rate_limits.plain([])))

    assert (verdict.is_allowed, verdict.limit) == (1, 0)


def test_without_redis_nothing_is_charged_and_nothing_raised():
    charges = RateLimitWindows(Client("redis://127.0.0.1:1/0"))

    assert charges.charge(ALONE, Charge((), rate_limits.plain([]))) is None
    charges.give_back(ALONE, KEY, 1)
    charges.add(ALONE, (KEY,), 1, 3)


USER, ADDRESS = keys.quota("api_user", 1), keys.quota("api_address", "10.0.0.1")
TOKEN = Ask(keys.token(1, "digest"), "doc", 30)
GUARDED = Charge(
    (USER, ADDRESS),
    rate_limits.guarded([Window("api_user", 2, 60)], [Window("api_address", 1, 60)]),
)


@pytest.fixture
def read(objects, lease):
    """Return a function that reads a token and one entry more, and pays for it."""

    def run(lease=lease):
        asks = [TOKEN, Ask(keys.post(1), "doc", 300)]
        replies = objects.read(lease, asks, GUARDED)
        return replies, rate_limits.verdict(replies[-1])

    return run


@pytest.fixture
def keep(objects, lease):
    """Return a function that fills the token; None says that there is none."""

    def run(payload):
        generation = objects.read(lease, [TOKEN])[0]
        return objects.fill(lease, [Filling(TOKEN.key, "doc", generation, 0, payload)])

    return run


def test_a_read_that_finds_the_token_is_charged_to_its_user(read, keep, raw, lease):
    keep(b"a token")
    replies, verdict = read()

    assert len(replies) == 3
    assert (verdict.is_known, verdict.remaining) == (1, 1)
    assert raw.llen(keys.full(lease.deployment, USER)) == 1
    assert not raw.exists(keys.full(lease.deployment, ADDRESS))


@pytest.mark.parametrize("cached", ["nothing", "known empty", "under another epoch"])
def test_a_read_that_does_not_is_charged_to_the_address(read, keep, raw, lease, cached):
    if cached != "nothing":
        keep(None if cached == "known empty" else b"a token")
    if cached == "under another epoch":
        lease = lease._replace(epoch=lease.epoch + 1)
    _, verdict = read(lease)

    assert verdict.is_known == 0
    assert not raw.exists(keys.full(lease.deployment, USER))
    assert raw.llen(keys.full(lease.deployment, ADDRESS)) == 1


def test_a_refused_read_answers_nothing_but_that(read):
    read()
    replies, verdict = read()

    assert len(replies) == 1
    assert verdict.is_allowed == 0


def test_a_fill_moves_the_charge_from_the_address_to_the_user(
    objects, lease, read, raw
):
    replies, verdict = read()
    known = Charge((USER,), rate_limits.plain([Window("api_user", 2, 60)]))
    moved = rate_limits.giving_back(known, ADDRESS, verdict.now_us)
    filling = Filling(TOKEN.key, "doc", replies[0], 0, b"a token")

    stored, charged = objects.fill(lease, [filling], moved)

    assert stored == 1
    assert rate_limits.verdict(charged).remaining == 1
    assert raw.llen(keys.full(lease.deployment, USER)) == 1
    assert not raw.exists(keys.full(lease.deployment, ADDRESS))


def test_a_fill_whose_charge_is_refused_fills_all_the_same(objects, lease, raw):
    none_left = Charge((USER,), rate_limits.plain([Window("api_user", 1, 60)]))
    for _ in range(2):
        generation = objects.read(lease, [TOKEN])[0]
        filling = Filling(TOKEN.key, "doc", generation[:12], 0, b"a token")
        stored, charged = objects.fill(lease, [filling], none_left)

        assert stored == 1
    assert rate_limits.verdict(charged).is_allowed == 0
