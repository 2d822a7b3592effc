"""Three private MongoDB servers as one replica set: one of them may be missing."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pymongo
import pytest
from bson import Timestamp
from redis import Redis

from kwip.app import create_app
from kwip.embedded import mongodb_password
from kwip.store import secondaries
from kwip.store.client import WEB_TIMEOUT_MS, connect
from kwip.wiring import Options, build
from tests.replicated import MEMBERS, Places, Site, Three, empty
from tests.servers import settings_in, wait_until

TEXT = "The quick brown"
#: Addresses that show the kwip, of routes that may be loaded from secondaries.
ADDRESSES = [
    *("/@alice", "/@alice/{}", "/tags/fox", "/@alice.rss", "/public.json"),
    *("/embed/user/alice", "/embed/post/{}"),
    *(f"/api/widgets/v1/{of}" for of in ("user/alice", "post/{}", "tag/fox")),
    *("/api/v1/statuses/{}", "/api/v1/timelines/public"),
]


@pytest.fixture
def three_alike():
    """Return a set whose members can all replace each other."""
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        servers = Three(Path(folder) / "home")
        try:
            servers.start(hides=False)
            yield servers
        finally:
            servers.stop()


@pytest.fixture(scope="module")
def three():
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        servers = Three(Path(folder) / "home")
        try:
            servers.start()
            yield servers
        finally:
            servers.stop()


@pytest.fixture
def places():
    return Places()


@pytest.fixture
def site(three, places, endpoints, tmp_path):
    """Return a site on the set that reads from secondaries."""
    endpoints = replace(endpoints, mongodb_uri=three.uri)
    settings = settings_in(tmp_path / "home", KWIP_READ_FROM_SECONDARIES="1")
    options = Options(enqueue=lambda *_: None, listeners=[places])
    wiring = build(settings, endpoints, role="web", options=options)
    empty(wiring.store.database)
    wait_until(lambda: wiring.fence.lease() is not None)
    with Redis.from_url(endpoints.redis_cache_uri) as cache:
        yield Site(three, create_app(wiring, settings), wiring, cache)
    wiring.close()


@pytest.mark.long
def test_a_primary_that_hangs_is_replaced_while_the_client_waits(three_alike):
    three = three_alike
    with connect(three.uri, timeout_ms=WEB_TIMEOUT_MS) as client:
        numbers = client.kwip.numbers
        numbers.insert_one({"_id": 0})
        old, _ = client.primary
        with three.frozen(old):
            wait_until(lambda: _is_stored(numbers, 1))

            assert client.primary[0] != old
            assert [found["_id"] for found in numbers.find()] == [0, 1]


def test_visitors_read_from_a_secondary_and_others_from_the_primary(
    site, places, monkeypatch
):
    monkeypatch.setattr(secondaries, "PATIENCE_S", 10.0)  # the machine may be busy
    asked = _asked(site.say(f"{TEXT} #fox"))
    site.wiring.services.announcements.shown()  # every process remembers them
    places.counts.clear()

    assert site.sightings(TEXT, asked) == asked

    assert places.counts[site.secondary, "find"] > 0
    assert places.counts[site.primary, "find"] == 0
    assert site.alice.get("/api/v1/timelines/home").status_code == 200
    assert places.counts[site.primary, "find"] > 0


def test_a_deleted_kwip_is_gone_while_the_secondary_still_has_it(
    site, three, monkeypatch
):
    asked = _asked(site.say(f"{TEXT} #fox"))

    with three.not_copying(site.secondary):
        site.alice.ask("DELETE", f"/api/v1/statuses/{asked[1].rpartition('/')[2]}")

        assert site.sightings(TEXT, asked) == []

        # It would be seen if the secondary did not have to catch up.
        site.forget_lateness()
        long_ago = Timestamp(1, 1)
        monkeypatch.setattr(secondaries.Secondaries, "_moment", lambda _: long_ago)
        assert len(site.sightings(TEXT, asked)) > len(asked) / 2


def test_the_primary_is_read_if_no_secondary_answers(site, three):
    asked = _asked(site.say(f"{TEXT} #fox"))

    with three.frozen(site.secondary):
        assert site.sightings(TEXT, asked) == asked


@pytest.mark.long
def test_a_start_sets_the_password_that_is_staged(three_alike):
    three = three_alike  # others would not know the new password
    old = three.uri
    mongodb_password.stage(three.home)
    (staged,) = three.home.root.glob("secrets/mongodb.next")
    text = staged.read_text()

    mongodb_password.set_up_with_password(three.home, MEMBERS, deadline_s=60)

    assert not staged.exists()
    _look(three.uri)
    with pytest.raises(pymongo.errors.OperationFailure, match="Authentication failed"):
        _look(old)

    # A start that was killed as soon as it had set it: the files are as before.
    three.home.replace_secret(
        "mongodb", "an-older-password-that-is-long-enough-to-be-one"
    )
    three.home.replace_secret("mongodb.next", text)
    mongodb_password.set_up_with_password(three.home, MEMBERS, deadline_s=60)

    _look(three.uri)


def _look(uri):
    with pymongo.MongoClient(uri) as client:
        client.kwip.list_collection_names()


def _asked(post_id):
    return [address.format(post_id) for address in ADDRESSES]


def _is_stored(numbers, number):
    """Repeat a write until it is acknowledged, as a client with a key does."""
    try:
        numbers.insert_one({"_id": number})
    except pymongo.errors.DuplicateKeyError:
        return True
    except pymongo.errors.PyMongoError:
        return False
    return True
