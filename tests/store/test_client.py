from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError, OperationFailure
from pymongo.server_description import ServerDescription
from pymongo.topology_description import TOPOLOGY_TYPE, TopologyDescription

from kwip.domain.errors import ConflictError, StoreUnavailableError
from kwip.store.client import Store, connect, translated
from tests.store.stores import Stores, user
from tests.store.test_queries import CALLS

#: How long the driver waits for a server by itself; a test that is late waits less.
DRIVER_WAITS_S = 20.0
NOBODY = "mongodb://127.0.0.1:1/?replicaSet=kwip"


@pytest.fixture
def unreachable():
    """Return a function that makes stores of a server that is not there."""
    made = []

    def make(uri=NOBODY, timeout_ms=20):
        made.append(Store(connect(uri, timeout_ms=timeout_ms), "kwip"))
        return Stores(made[-1])

    yield make
    for store in made:
        store.close()


@pytest.fixture
def silent_uri():
    """Return the address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        yield f"mongodb://127.0.0.1:{port}/?directConnection=true"


def error_of(method, stores):
    try:
        CALLS[method](stores)
    except Exception as error:  # noqa: BLE001 -- which one is the question
        return type(error)
    return None


def test_without_a_server_every_method_says_that_the_store_is_unavailable(unreachable):
    stores = unreachable()
    began = time.monotonic()
    # The driver looks twice a second whether the server is back, so all at once.
    with ThreadPoolExecutor(len(CALLS)) as threads:
        errors = dict(
            zip(CALLS, threads.map(lambda m: error_of(m, stores), CALLS), strict=True)
        )

    # A process that ends does not wait for MongoDB: its row expires, and its last
    # counts are lost.
    assert errors.pop("ProcessStore.remove") is None
    assert errors.pop("HourlyFigureStore.add_last") is None
    assert set(errors.values()) == {StoreUnavailableError}
    assert time.monotonic() - began < DRIVER_WAITS_S


@pytest.mark.parametrize(
    "method",
    [
        "PostStore.get_many",  # a read
        "JobStore.save",  # a write
        "UserStore.create_many",  # a bulk
        "RelationshipStore.follow",  # a transaction
        "MuteStore.mute",
    ],
)
def test_a_server_that_hangs_is_given_up_after_the_time_out(
    unreachable, silent_uri, method
):
    stores = unreachable(silent_uri, timeout_ms=200)
    began = time.monotonic()
    with pytest.raises(StoreUnavailableError) as refused:
        CALLS[method](stores)

    assert 0.15 < time.monotonic() - began < DRIVER_WAITS_S
    assert refused.value.retry_after_s > 0


#: Unknown to any driver, AtlasError, Interrupted, KeyNotFound, OutOfDiskSpace.
STATES = [{"errorCode": code} for code in (20_000, 8_000, 11_601, 211, 14_031)]
#: WriteConcernFailed, and InterruptedDueToReplStateChange. The latter the driver takes
#: for a failover, in which it repeats all but `update_many` until the time is over.
DOUBT, FAILOVER = (
    {"writeConcernError": {"code": code, "errmsg": "doubtful"}} for code in (64, 11_602)
)
WRITES = {
    "insert": [
        lambda users: users.insert_one({"_id": 1}),
        lambda users: users.insert_many([{"_id": 1}, {"_id": 2}]),
        lambda users: users.bulk_write([InsertOne({"_id": 1})]),
    ],
    "update": [
        lambda users: users.update_one({"_id": 1}, {"$set": {"a": 1}}),
        lambda users: users.update_many({}, {"$set": {"a": 1}}),
        lambda users: users.bulk_write([UpdateOne({"_id": 1}, {"$set": {"a": 1}})]),
    ],
    "delete": [lambda users: users.delete_many({})],
    "findAndModify": [
        lambda users: users.find_one_and_update({"_id": 1}, {"$set": {"a": 1}})
    ],
}


@pytest.mark.parametrize("how", [*STATES, DOUBT], ids=str)
@pytest.mark.parametrize("command", WRITES)
def test_a_write_of_which_nothing_is_known_is_an_unavailable_store(
    store, fail_commands, command, how
):
    fail_commands.begin(command, collection="users", **how)
    for write in WRITES[command]:
        with pytest.raises(StoreUnavailableError), translated():
            write(store.database["users"])


def test_a_write_that_a_failover_interrupted_is_an_unavailable_store(
    unreachable, endpoints, mongodb, fail_commands
):
    # The driver looks for another primary, and finds the same one at its next look.
    uri = f"{endpoints.mongodb_uri}&heartbeatFrequencyMS=500"
    client = unreachable(uri, timeout_ms=10_000).store.client
    fail_commands.begin("update", collection="users", **FAILOVER)
    with pytest.raises(StoreUnavailableError), translated():
        client[mongodb.name]["users"].update_many({}, {"$set": {"a": 1}})


@pytest.mark.parametrize("how", STATES, ids=str)
def test_a_read_that_may_succeed_the_next_time_is_an_unavailable_store(
    store, fail_commands, how
):
    fail_commands.begin("find", collection="users", **how)
    with pytest.raises(StoreUnavailableError) as refused, translated():
        store.database["users"].find_one()

    assert refused.value.context["code"] == how["errorCode"]


def test_what_is_there_already_is_no_unavailable_store(store):
    users = store.database["users"]
    users.insert_one({"_id": 1})
    for again, error in (
        (lambda: users.insert_one({"_id": 1}), DuplicateKeyError),
        (lambda: users.insert_many([{"_id": 1}]), BulkWriteError),
    ):
        with pytest.raises(error), translated():
            again()


def test_a_defect_of_ours_is_no_unavailable_store(store):
    with pytest.raises(OperationFailure), translated():
        store.database["users"].find_one({"$nonsense": 1})
    with pytest.raises(OperationFailure):
        store.transact(
            lambda session: store.database["users"].update_one(
                {"_id": 1}, {"$nonsense": {"a": 1}}, session=session
            )
        )


def test_a_transaction_that_raises_leaves_nothing(store, mongodb):
    def work(session):
        store.database["users"].insert_one({"_id": 1}, session=session)
        raise ConflictError("No.")

    with pytest.raises(ConflictError):
        store.transact(work)

    assert mongodb["users"].count_documents({}) == 0


def test_a_transaction_is_repeated_when_two_of_them_meet(store, mongodb, stores):
    stores.users.create_many([user(1)])
    tries = []

    def work(session):
        tries.append(1)
        # Somebody else's write between our snapshot and our own write.
        seen = store.database["users"].find_one({"_id": 1}, session=session)
        if len(tries) == 1:
            mongodb["users"].update_one({"_id": 1}, {"$inc": {"posts_count": 5}})
        store.database["users"].update_one(
            {"_id": 1},
            {"$set": {"posts_count": seen["posts_count"] + 1}},
            session=session,
        )

    store.transact(work)

    assert len(tries) == 2
    assert stores.users.get_many([1])[1].posts_count == 6


def test_a_missing_primary_is_said_of_sockets_with_and_without_a_port():
    addresses = [("/run/b.sock", None), ("/run/b.sock", 27_017), ("a", 27_017)]
    servers = {address: ServerDescription(address) for address in addresses}
    topology = TopologyDescription(
        TOPOLOGY_TYPE.ReplicaSetNoPrimary, servers, "kwip", None, None, None
    )

    assert repr(topology).count("/run/b.sock") == 2
