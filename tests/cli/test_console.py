"""`kwip console`: reads as anybody, and cannot write, whatever is tried."""

from __future__ import annotations

import pytest
from pymongo import MongoClient, UpdateOne

from kwip.domain.posting.posts import Draft, Visibility
from kwip.store.read_only import ReadOnlyError, only_reading
from tests.wired import sign_up

HOME = (
    "page = services.timelines.home(viewer, loader(), PageRequest());"
    "print([view.post.text for view in page.items])"
)


def test_it_reads_as_a_viewer_and_leaves_no_trace(kwip, wiring):
    alice, bob = sign_up(wiring, "alice"), sign_up(wiring, "bob")
    wiring.services.posts.publish(
        alice.id, Draft(text="Mine", visibility=Visibility.FOLLOWERS)
    )
    database = wiring.store.database
    before = {name: list(database[name].find()) for name in ("timelines", "users")}
    hers = kwip("console", "--as", "@alice", "--run", HOME)
    his = kwip("console", "--as", "bob", "--run", HOME)
    nobody = kwip("console", "--as", "nobody", "--run", HOME)

    assert (hers.code, hers.err) == (0, "")
    assert (hers.out, his.out) == ("['Mine']\n", "[]\n")
    assert (nobody.code, "There is no user nobody." in nobody.err) == (2, True)
    after = {name: list(database[name].find()) for name in before}
    assert after == before
    assert bob.id


def test_the_banner_says_that_it_only_reads_and_writes_are_refused(kwip, wiring):
    sign_up(wiring, "alice")
    write = "from kwip.domain.posting.posts import Draft\nservices.posts.publish"
    lines = f"{write}(viewer.id, Draft(text='x'))\nprint(1 + 1)\n"
    told = kwip("console", "--as", "alice", stdin=lines)

    assert "This console only reads" in told.err
    assert "Reading as @alice." in told.err
    assert "ReadOnlyError: This console only reads, so" in told.err
    assert "2\n" in told.out
    assert wiring.store.database["posts"].find_one() is None


WRITES = {
    "insert": lambda c: c.insert_one({"_id": 1}),
    "many": lambda c: c.insert_many([{"_id": 2}, {"_id": 3}]),
    "update": lambda c: c.update_one({}, {"$set": {"a": 1}}, upsert=True),
    "bulk": lambda c: c.bulk_write([UpdateOne({}, {"$set": {"a": 1}}, upsert=True)]),
    "delete": lambda c: c.delete_many({}),
    "find and modify": lambda c: c.find_one_and_delete({}),
    "command": lambda c: c.database.command("insert", c.name, documents=[{"_id": 4}]),
    "out": lambda c: c.aggregate([{"$match": {}}, {"$out": "copy"}]),
    "merge": lambda c: c.aggregate([{"$merge": {"into": "copy"}}]),
    "drop": lambda c: c.drop(),
    "index": lambda c: c.create_index("a"),
    "unacknowledged": lambda c: c.with_options(
        write_concern=c.write_concern.__class__(w=0)
    ).insert_one({"_id": 5}),
    "drop database": lambda c: c.database.client.drop_database(c.database.name),
}


@pytest.fixture
def own_client(wiring, endpoints):
    """Return a client that knows nothing of Kwip, as a console could make one."""
    client = MongoClient(endpoints.mongodb_uri)
    yield client[endpoints.database]["kept"]
    client.close()


@pytest.mark.parametrize("name", WRITES)
def test_no_command_that_writes_is_sent(own_client, name):
    own_client.insert_one({"_id": 0})
    with only_reading():
        assert own_client.count_documents({}) == 1
        assert list(own_client.aggregate([{"$match": {}}])) == [{"_id": 0}]
        with pytest.raises(ReadOnlyError):
            WRITES[name](own_client)
        assert list(own_client.find()) == [{"_id": 0}]

    assert "copy" not in own_client.database.list_collection_names()
    own_client.insert_one({"_id": 9})


def test_no_transaction_writes_and_no_file_is_changed(wiring):
    with only_reading():
        with pytest.raises(ReadOnlyError):
            wiring.store.transact(
                lambda session: wiring.store.database["kept"].insert_one(
                    {"_id": 1}, session=session
                )
            )
        with pytest.raises(ReadOnlyError):
            wiring.services.media.save({400: b"x"})
        files = wiring.services.exports.writer.media
        for change in (
            lambda: files.set_aside(["a"]),
            lambda: files.discard(["a"]),
            lambda: files.copy("a", "b"),
        ):
            with pytest.raises(ReadOnlyError):
                change()

    assert wiring.store.database["kept"].find_one() is None
