"""The versioned keys of the cache, one call at a time, on a real Valkey."""

from __future__ import annotations

import pytest
import redis

from kwip.cache import codec, keys
from kwip.cache.client import Client
from kwip.cache.entity_cache import Ask, EntityCache, Filling

POST = keys.post(7)
ASK = Ask(POST, "doc", 300)
NAME = "kw:deployment:{post:7}"


@pytest.fixture
def read(objects, lease):
    def read(*asks, lease=lease):
        reply = objects.read(lease, asks or [ASK])
        assert reply is not None
        return reply[0] if len(asks) < 2 else reply

    return read


@pytest.fixture
def fill(objects, lease):
    def fill(generation, payload, *, version=1, variant="doc", lease=lease):
        filling = Filling(POST, variant, generation, version, payload)
        return objects.fill(lease, [filling]) == [True]

    return fill


def test_a_miss_gives_a_generation_and_a_fill_under_it_is_hit(read, fill):
    generation = read()
    assert codec.is_miss(generation)

    assert fill(generation, b"text")
    assert codec.payload(read()) == b"text"


def test_a_known_empty_value_is_a_hit_and_not_a_miss(read, fill):
    fill(read(), None)

    hit = read()

    assert not codec.is_miss(hit)
    assert codec.payload(hit) is None


def test_two_misses_are_given_one_generation(read):
    assert read() == read()


def test_a_generation_is_never_used_again(read, objects, lease):
    first = read()
    objects.invalidate_confirmed(lease.deployment, [POST])

    assert read() != first


def test_an_invalidated_key_refuses_what_was_loaded_before(read, fill, objects, lease):
    generation = read()
    assert objects.invalidate_confirmed(lease.deployment, [POST])

    assert not fill(generation, b"old")
    assert codec.is_miss(read())
    assert not fill(generation, b"old"), "a new generation must not take it either"


def test_an_invalidation_takes_every_view(read, fill, objects, lease, raw):
    generation = read()
    fill(generation, b"text")
    fill(generation, b"<p>", variant="html")

    objects.invalidate_confirmed(lease.deployment, [POST])

    assert raw.exists(NAME) == 0


def test_the_version_does_not_go_back(read, fill):
    generation = read()
    fill(generation, b"new", version=2)

    assert not fill(generation, b"old", version=1)
    assert codec.payload(read()) == b"new"


def test_the_version_does_not_go_back_in_another_view(read, fill):
    generation = read()
    fill(generation, b"new", version=2)

    assert not fill(generation, b"<p>old", version=1, variant="html")


def test_versions_are_compared_as_numbers(read, fill):
    generation = read()
    fill(generation, b"new", version=0x0100)

    assert not fill(generation, b"old", version=0xFF)


def test_a_higher_version_deletes_the_other_views(read, fill):
    generation = read()
    fill(generation, b"<p>old", version=1, variant="html")

    fill(generation, b"new", version=2)

    assert codec.is_miss(read(ASK._replace(variant="html")))
    assert codec.payload(read()) == b"new"


def test_an_equal_version_keeps_the_other_views(read, fill):
    generation = read()
    fill(generation, b"<p>", version=1, variant="html")

    fill(generation, b"text", version=1)

    assert codec.payload(read(ASK._replace(variant="html"))) == b"<p>"


def test_the_views_of_an_entity_are_bounded(read, fill, raw):
    generation = read()
    for number in range(100):
        assert fill(generation, b"page", variant=f"below:{number}", version=0)

        assert raw.hlen(NAME) <= 2 + 32
        assert codec.payload(read(ASK._replace(variant=f"below:{number}"))) == b"page"


@pytest.mark.parametrize("head", ["head", "head.2", "top.2"])
def test_no_number_of_cursors_deletes_the_first_part_of_a_timeline(
    read, fill, raw, head
):
    generation = read()
    fill(generation, b"first", variant=head, version=0)
    for number in range(100):
        fill(generation, b"page", variant=f"below:{number}", version=0)
        fill(generation, b"page", variant=f"head:{number}", version=0)

    assert codec.payload(read(ASK._replace(variant=head))) == b"first"
    assert raw.hlen(NAME) <= 2 + 32


def test_a_higher_version_deletes_the_first_part_too(read, fill):
    generation = read()
    fill(generation, b"first", variant="head.2", version=1)

    fill(generation, b"page", variant="below:7", version=2)

    assert codec.is_miss(read(ASK._replace(variant="head.2")))


def test_an_entry_of_another_epoch_is_a_miss(read, fill, lease):
    generation = read()
    fill(generation, b"text")

    for epoch in (lease.epoch - 1, lease.epoch + 1):
        assert read(lease=lease._replace(epoch=epoch)) == generation


def test_a_lower_epoch_does_not_replace_a_higher_one(read, fill, lease):
    generation = read()
    fill(generation, b"text", version=1)

    older = lease._replace(epoch=lease.epoch - 1)

    assert not fill(generation, b"dead", version=2, lease=older)
    assert codec.payload(read()) == b"text"


def test_a_higher_epoch_replaces_a_lower_one_whatever_the_version(read, fill, lease):
    generation = read()
    fill(generation, b"dead", version=2)
    newer = lease._replace(epoch=lease.epoch + 1)

    assert fill(generation, b"text", version=1, lease=newer)
    assert codec.payload(read(lease=newer)) == b"text"


def test_an_entry_under_another_generation_is_a_miss(read, fill, raw):
    fill(read(), b"text")
    raw.hset(NAME, "g", b"n" * 12)

    assert read() == b"n" * 12


def test_the_time_to_live_is_set_when_the_generation_is_made_only(read, fill, raw):
    generation = read()
    assert 290 < raw.ttl(NAME) <= 300
    raw.expire(NAME, 50)

    fill(generation, b"text")
    read()

    assert raw.ttl(NAME) <= 50


def test_one_call_reads_runs_of_different_views_and_lives(read, fill, raw):
    fill(read(), b"text")
    user = Ask(keys.user(1), "doc", 300)
    relations = Ask(keys.relations(1), "set", 30)

    replies = read(user, ASK, relations, Ask(keys.public(), "page:20", 60))

    assert [codec.is_miss(reply) for reply in replies] == [True, False, True, True]
    assert 0 < raw.ttl("kw:deployment:{relations:1}") <= 30
    assert 30 < raw.ttl("kw:deployment:{public}") <= 60


def test_reading_and_filling_many_keys_is_one_round_trip_each(objects, lease, client):
    asks = [Ask(keys.post(number), "doc", 300) for number in range(45)]
    objects.fill(lease, [Filling(POST, "doc", b"g" * 12, 1, b"")])  # loads the scripts
    objects.read(lease, [ASK])
    before = client.round_trips

    generations = objects.read(lease, asks)
    stored = objects.fill(
        lease,
        [
            Filling(ask.key, "doc", generation, 1, b"text")
            for ask, generation in zip(asks, generations, strict=True)
        ],
    )

    assert client.round_trips - before == 2
    assert stored == [True] * 45


def test_a_server_that_forgot_the_scripts_is_told_them(read, fill, raw):
    fill(read(), b"text")
    raw.script_flush()

    assert codec.payload(read()) == b"text"


def test_a_probe_finds_a_server_that_works(objects, raw):
    assert objects.probe("deployment", "me")
    assert 0 < raw.ttl("kw:deployment:{probe:me}") <= 10


def test_a_probe_finds_a_read_only_server_out_that_answers_a_ping(private_valkey):
    server = private_valkey()
    client = Client(server.uri)
    objects = EntityCache(client)
    with redis.Redis.from_url(server.uri) as raw:
        raw.replicaof("127.0.0.1", "1")
        assert raw.ping()

        assert not objects.probe("deployment", "me")
        assert not objects.invalidate_confirmed("deployment", [POST])
    client.close()


STREAMED = Ask(POST, "doc", 300, is_streamed=True)


def test_what_is_followed_lives_long_while_the_invalidator_goes_on(read, lease, raw):
    read(ASK, lease=lease._replace(is_streamed=True))
    assert raw.ttl(NAME) == 300
    raw.flushdb()

    read(STREAMED, lease=lease)
    assert raw.ttl(NAME) == 300
    raw.flushdb()

    read(STREAMED, lease=lease._replace(is_streamed=True))
    assert raw.ttl(NAME) == keys.STREAMED_TTL_S


def test_what_lives_long_ends_soon_when_it_is_read_without_the_invalidator(
    read, lease, raw
):
    read(STREAMED, lease=lease._replace(is_streamed=True))
    read(STREAMED, lease=lease)
    assert raw.ttl(NAME) == 300

    raw.expire(NAME, 20)
    read(STREAMED, lease=lease)
    read(STREAMED, lease=lease._replace(is_streamed=True))

    assert raw.ttl(NAME) == 20, "no read makes it longer"
