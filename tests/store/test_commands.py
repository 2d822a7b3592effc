"""What is measured and logged of commands to MongoDB."""

from __future__ import annotations

import pymongo
import pytest
from prometheus_client import REGISTRY
from pymongo import InsertOne, WriteConcern
from pymongo.monitoring import CommandListener
from structlog.contextvars import bound_contextvars, clear_contextvars
from structlog.testing import capture_logs

from kwip.store.client import Store, connect
from kwip.store.commands import CommandWatch, shape_of
from tests.servers import wait_until


@pytest.fixture
def make_store(endpoints):
    """Return a function that makes a store whose commands are watched."""
    made = []

    def make(slow_ms=60_000):
        client = connect(
            endpoints.mongodb_uri, timeout_ms=5_000, listeners=[CommandWatch(slow_ms)]
        )
        made.append(client)
        return Store(client, endpoints.database)

    yield make
    for client in made:
        client.close()


def timed(command, collection):
    labels = {"command": command, "collection": collection}
    name = "kwip_mongo_command_duration_seconds_count"
    return REGISTRY.get_sample_value(name, labels) or 0


def test_commands_are_timed_by_their_collection(make_store):
    posts = make_store().database["posts"]
    before = [timed("find", "posts"), timed("getMore", "posts"), timed("ping", "other")]
    posts.insert_many({"_id": number} for number in range(5))
    assert len(list(posts.find(batch_size=3))) == 5
    posts.database.command("ping")

    after = [timed("find", "posts"), timed("getMore", "posts"), timed("ping", "other")]
    assert after == [count + 1 for count in before]


def test_commands_that_fail_are_timed(make_store):
    posts = make_store().database["posts"]
    before = timed("find", "posts")
    with pytest.raises(Exception, match="unknown top level operator"):
        posts.find_one({"$no": 1})

    assert timed("find", "posts") == before + 1


def test_waiting_for_changes_is_no_slow_command(make_store):
    store = make_store(slow_ms=0)
    nothing = [{"$match": {"operationType": "nothing"}}]  # other tests' leases change
    with (
        capture_logs() as lines,
        store.database.watch(nothing, max_await_time_ms=20) as stream,
    ):
        assert stream.try_next() is None

    commands = [line["command"] for line in lines]
    assert "aggregate" in commands
    assert "getMore" not in commands


def test_a_slow_command_is_logged_without_its_values(make_store):
    posts = make_store(slow_ms=0).database["posts"]
    posts.find_one({})  # signs in, too
    with capture_logs() as lines:
        posts.find_one({"_id": {"$in": [1, 2, 3]}, "text": "geheim"}, {"text": 1})

    [line] = lines
    assert (line["event"], line["collection"]) == ("slow_command", "posts")
    assert "filter: {_id: {$in: [int x3]}, text: str}" in line["shape"]
    assert "geheim" not in str(line)
    assert line["connection"] > 0


class Sent(CommandListener):
    """Note the comment of each command."""

    def __init__(self):
        self.comments = []

    def started(self, event):
        if not event.command_name.startswith("sasl"):
            named = event.command_name, event.command.get("comment")
            self.comments.append(named)

    succeeded = failed = lambda *_: None


def test_mongodb_gets_the_id_of_the_request_with_each_command(endpoints):
    clear_contextvars()  # those of a request in an earlier test
    sent = Sent()
    with connect(endpoints.mongodb_uri, timeout_ms=5_000, listeners=[sent]) as client:
        posts = Store(client, endpoints.database).database["posts"]
        quickly = posts.with_options(write_concern=WriteConcern(1))
        with bound_contextvars(request_id="r1"):
            posts.find_one({})
            list(posts.aggregate([{"$match": {}}]))
            posts.count_documents({})
            posts.distinct("_id")
            posts.insert_one({"_id": 1})
            posts.insert_many([{"_id": 2}])
            posts.bulk_write([InsertOne({"_id": 3})])
            quickly.update_one({"_id": 1}, {"$set": {"a": 1}})
            posts.find_one_and_update({"_id": 1}, {"$set": {"a": 2}})
            posts.delete_many({})
        of_request, sent.comments = sent.comments, []
        posts.find_one({})

    assert len(of_request) == 10
    assert {comment for _, comment in of_request} == {"r1"}
    assert sent.comments == [("find", None)]


def test_quick_commands_are_not_logged(make_store):
    posts = make_store().database["posts"]
    with capture_logs() as lines:
        posts.find_one({})

    assert lines == []


def test_a_shape_is_bounded():
    deep = {"find": "posts", "filter": {}}
    inner = deep["filter"]
    for _ in range(50):
        inner["$and"] = [{}, {"x": 1}]
        inner = inner["$and"][0]
    wide = {"find": "posts", "filter": {f"field{n}": n for n in range(1_000)}}

    assert "…" in shape_of(deep)
    assert len(shape_of(wide)) == 1_000


def test_a_primary_is_recorded_and_its_absence(endpoints):
    watch = CommandWatch(60_000)
    client = pymongo.MongoClient(endpoints.mongodb_uri, event_listeners=[watch])
    wait_until(lambda: REGISTRY.get_sample_value("kwip_mongo_has_primary") == 1)
    members = REGISTRY.get_sample_value("kwip_mongo_members", {"state": "primary"})
    assert members == 1
    assert REGISTRY.get_sample_value("kwip_mongo_election_term") >= 1
    client.close()
    assert REGISTRY.get_sample_value("kwip_mongo_has_primary") == 1

    with connect("mongodb://127.0.0.1:1", timeout_ms=100, listeners=[CommandWatch(1)]):
        wait_until(lambda: REGISTRY.get_sample_value("kwip_mongo_has_primary") == 0)


def test_a_command_without_a_collection_is_timed(make_store, capfd):
    database = make_store().database
    before = timed("endSessions", "other")
    database.client.admin.command({"endSessions": []})

    assert timed("endSessions", "other") == before + 1
    assert "Traceback" not in capfd.readouterr().err
