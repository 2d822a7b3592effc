from __future__ import annotations

import bson
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from kwip.store.indexes import INDEXES
from kwip.store.present_indexes import ensure_indexes
from tests.wired import sign_up

#: Takes 10 ms and needs no document.
SLOW = [
    {"$documents": [{"x": 0}]},
    {"$set": {"x": {"$size": {"$range": [0, 1_000_000]}}}},
]
NAME = "root_id_1__id_1"


@pytest.fixture
def one_is_missing(mongodb):
    mongodb.posts.drop_index(NAME)
    yield
    ensure_indexes(mongodb)


def test_each_index_is_shown_with_what_needs_it(kwip):
    run = kwip("db", "indexes", "--json")
    declared = [
        {
            "collection": collection,
            "name": index.name,
            "needed_by": index.needed_by,
            "present": True,
        }
        for collection, indexes in INDEXES.items()
        for index in indexes
    ]

    assert run.code == 0
    assert run.json == {"indexes": declared, "created": {}, "findings": []}


def test_a_missing_index_is_a_finding(kwip, one_is_missing):
    run = kwip("db", "indexes", "--json")

    assert run.code == 1
    assert run.json["findings"] == [
        f"posts.{NAME} is missing: run `kwip db indexes --apply`"
    ]


def test_apply_creates_what_is_missing(kwip, one_is_missing, mongodb):
    run = kwip("db", "indexes", "--apply", "--json")

    assert (run.code, run.json["created"]) == (0, {"posts": [NAME]})
    assert NAME in mongodb.posts.index_information()


def test_a_person_sees_what_is_missing(kwip, one_is_missing):
    shown = kwip("db", "indexes").out

    assert f"MISSING  posts.{NAME}\n" in shown
    assert "ok       posts." in shown


def test_an_index_may_take_longer_than_the_client_lets_commands_take(
    one_is_missing, mongodb, endpoints
):
    with MongoClient(endpoints.mongodb_uri, timeoutMS=1) as impatient:
        database = impatient[endpoints.database]
        with pytest.raises(PyMongoError):
            database.command("aggregate", 1, pipeline=SLOW, cursor={})

        assert ensure_indexes(database) == {"posts": [NAME]}


def test_shape_measures_each_collection(kwip, wiring, mongodb):
    sign_up(wiring, "alice")
    [alice] = mongodb.users.find()

    run = kwip("db", "shape", "--largest", "--json")

    found = {row["collection"]: row for row in run.json["collections"]}
    assert run.code == 0
    assert found.keys() == INDEXES.keys()
    assert found["users"]["documents"] == 1
    assert found["users"]["largest"] == found["users"]["average"]
    assert found["users"]["largest"] == len(bson.encode(alice))
    names = [index["name"] for index in found["posts"]["indexes"]]
    assert sorted(names) == sorted(mongodb.posts.index_information())
    assert "users: 1 document, " in kwip("db", "shape").out
