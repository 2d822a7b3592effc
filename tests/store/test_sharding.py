"""Who is heard to ask every shard, and how the server tells that it is sharded."""

from __future__ import annotations

import pytest
from pymongo.monitoring import CommandListener

from kwip.store.client import Store, connect
from kwip.store.indexes import INDEXES
from kwip.store.sharding import SHARD_KEYS
from kwip.store.timelines.buckets import empty_timeline, home_of
from kwip.store.timelines.pushing import BATCH
from kwip.store.timelines.timelines import TimelineStore
from tests.sharded import ALLOWED, names_key, statements
from tests.store.test_queries import public_methods

HASHED, RANGED = SHARD_KEYS["users"], SHARD_KEYS["tokens"]


class CarelessStore:
    """Asks as no store of ours may."""

    def __init__(self, store):
        self._database = store.database

    def find(self, **query):
        return list(self._database["follows"].find(query))

    def end(self, user_id):
        self._database["timelines"].update_many({"floor": user_id}, {"$set": {"a": 1}})

    def join(self):
        pipeline = [{"$match": {}}, {"$unionWith": {"coll": "blocks", "pipeline": []}}]
        return list(self._database["mutes"].aggregate(pipeline))


@pytest.fixture
def heard(store, monkeypatch, untargeted):
    """Return what is heard of a store that is none of ours; it is no failure here."""
    monkeypatch.setattr("tests.sharded._STORE", __file__.rpartition("/")[0])
    yield untargeted
    untargeted.clear()


def test_a_command_without_its_shard_key_is_heard(store, heard):
    careless = CarelessStore(store)
    careless.find(followee_id=3)
    careless.end(7)
    careless.join()

    assert [text.partition(" {")[0] for text in heard] == [
        "CarelessStore.find: find follows",
        "CarelessStore.end: update timelines",
        "CarelessStore.join: aggregate mutes",
        "CarelessStore.join: aggregate blocks",
    ]


def test_a_command_with_its_shard_key_is_not(store, heard):
    CarelessStore(store).find(follower_id=3)
    CarelessStore(store).find(follower_id={"$in": [3, 4]}, followee_id=3)

    assert heard == []


@pytest.mark.parametrize(
    ("query", "key", "names"),
    [
        ({"_id": 1}, HASHED, True),
        ({"_id": {"$in": [1]}}, HASHED, True),
        ({"_id": {"$gt": 1, "$lt": 3}}, HASHED, False),
        ({"_id": {"$gte": "1:", "$lt": "1;"}}, RANGED, True),
        ({"_id": {"$gt": "1:"}}, RANGED, False),
        ({"_id": {"$ne": 1}}, HASHED, False),
        ({"$or": [{"_id": 1}, {"_id": 2}]}, HASHED, True),
        ({"$or": [{"_id": 1}, {"name": 2}]}, HASHED, False),
        ({"$and": [{"_id": 1}, {"name": 2}]}, HASHED, True),
    ],
)
def test_what_names_a_shard_key(query, key, names):
    assert names_key(query, key) == names


def test_every_exception_is_a_store_of_ours():
    classes = {name.partition(".")[0] for name in public_methods()}
    classes.add("ChangeFollower")  # of a backup, which refuses a sharded cluster

    assert {name.partition(".")[0] for name in ALLOWED} <= classes
    assert set(SHARD_KEYS) <= set(INDEXES)


class Ear(CommandListener):
    """Remembers what was sent."""

    def __init__(self):
        self.sent = []

    def started(self, event):
        self.sent += statements(event.command_name, event.command)

    def succeeded(self, event):
        pass

    def failed(self, event):
        pass


@pytest.mark.parametrize("ids", [[5], [5, 6]])
def test_in_a_cluster_every_owner_gets_an_update_of_its_own(mongodb, endpoints, ids):
    owners = [home_of(n) for n in range(BATCH + 2)]
    mongodb["timelines"].insert_many([empty_timeline(owner) for owner in owners])
    ear = Ear()
    client = connect(endpoints.mongodb_uri, timeout_ms=10_000, listeners=[ear])
    timelines = TimelineStore(Store(client, mongodb.name, is_sharded=True))

    assert timelines.push(owners, ids) == BATCH + 2
    assert timelines.push(owners, ids) == 0
    assert [q["_id"] for name, q in ear.sent if name == "timelines"] == owners * 2
    client.close()


def test_one_server_is_not_taken_for_a_cluster(store, monkeypatch):
    assert not store.is_sharded
    router = Store(store.client, store.database.name)
    monkeypatch.setattr(router, "hello", lambda: {"msg": "isdbgrid"})

    assert router.is_sharded
