"""What every test may ask for: real servers, empty, and settings."""

from __future__ import annotations

import fcntl
import gc
import http.client
import logging
import os
import secrets
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pymongo
import pytest
import redis
import structlog

import kwip.store.client
import kwip.store.fence
from kwip.cache import keys
from kwip.services.coherence.cache_lease import new_deployment
from kwip.store.fence import FenceStore
from kwip.store.present_indexes import ensure_indexes
from kwip.text import dates, translation
from tests import documents
from tests.clients import KeptClients
from tests.quick import make_quick, rewrite_a_share, store_in_memory
from tests.servers import (
    FailPoint,
    PrivateValkey,
    SharedServers,
    endpoints_of,
    settings_in,
)
from tests.sharded import Untargeted

# Modules and tests are no garbage, and looking takes a third of the time to load them.
gc.disable()
#: How many new objects there are before the collector of garbage looks.
_OBJECTS = 20_000

# The machine that runs the tests may be busy; a slow example is not a wrong one.
hypothesis.settings.register_profile("kwip", deadline=None)
hypothesis.settings.load_profile("kwip")
make_quick()
store_in_memory()

_ROOT = "kwip_servers"
_UNTARGETED = Untargeted()


_KEPT = KeptClients()
#: Where the shared MongoDB listens, in this process.
_SHARED = set()


class _Clients:
    """Makes every client that Kwip makes in this process, whatever test makes it."""

    def __getitem__(self, _):
        return self

    def __call__(self, uri, *, event_listeners=(), **options):
        make = _KEPT if urlsplit(uri).netloc in _SHARED else pymongo.MongoClient
        return make(uri, event_listeners=[*event_listeners, _UNTARGETED], **options)


kwip.store.client.MongoClient = kwip.store.fence.MongoClient = _Clients()


@pytest.fixture(autouse=True)
def untargeted():
    """Fail the test when Kwip sent a command to every shard that should go to few."""
    _UNTARGETED.found.clear()
    yield _UNTARGETED.found
    assert _UNTARGETED.found == []


def pytest_runtest_setup():
    """Begin in English and UTC: requests in this thread leave their reader's behind."""
    translation.use(translation.DEFAULT)
    dates.use("")


def pytest_configure(config):
    """Start the servers in the one process that all others come from."""
    is_controller = getattr(config.option, "dist", "no") != "no"
    if is_controller and not hasattr(config, "workerinput"):
        _start(config)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session):
    """Divide among the processes what each would do before it can load the tests."""
    worker = getattr(session.config, "workerinput", None)
    if worker is not None:
        number = int(worker["workerid"].removeprefix("gw"))
        rewrite_a_share(session.config, number, worker["workercount"])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Use one process more than there are processors: now and then each one waits."""
    return (os.cpu_count() or 1) + 1


#: Where tests take ten seconds and more: programs, browsers, models.
_LONG = (
    *("browser/test_a_life", "browser/test_soundness", "cli/test_world"),
    *("edge/test_fuzz", "edge/test_privacy", "faults/", "jobs/test_outlasting"),
    *("machine/", "ops/test_whole_stack"),
)


def pytest_collection_modifyitems(items):
    """Begin with what takes long: at the end, all processes but one would wait."""
    tests = Path(__file__).parent
    places = tuple(str(tests / place) for place in _LONG)
    items.sort(key=lambda item: not str(item.path).startswith(places))


def pytest_collection_finish():
    """Spare the collector of garbage the tests and modules, which all stay.

    By default it also looks at every request: some thousand objects live that long.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS)
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node):
    """Tell a worker process where they are."""
    node.workerinput[_ROOT] = str(node.config.stash[_SERVERS].root)


def pytest_unconfigure(config):
    """End them, also after Ctrl-C; the kernel does if we are killed."""
    servers = config.stash.get(_SERVERS, None)
    if servers is not None:
        servers.stop()


_SERVERS = pytest.StashKey[SharedServers]()


def _start(config):
    servers = SharedServers()
    config.stash[_SERVERS] = servers
    servers.start()
    return servers


@pytest.fixture(scope="session")
def _place(request):
    """Return the folder of the shared servers, and this process's number on them."""
    worker = getattr(request.config, "workerinput", None)
    if worker is not None:
        return Path(worker[_ROOT]), int(worker["workerid"].removeprefix("gw"))
    # A run in one process starts them with the first test that needs them.
    return _start(request.config).root, 0


@pytest.fixture(scope="session")
def _own_endpoints(_place):
    """Return this process's endpoints on the shared servers."""
    return endpoints_of(*_place)


@pytest.fixture(scope="session")
def _clients(_own_endpoints):
    uris = (
        _own_endpoints.redis_cache_uri,
        _own_endpoints.redis_queue_uri,
        _own_endpoints.redis_realtime_uri,
    )
    mongodb = pymongo.MongoClient(_own_endpoints.mongodb_uri, tz_aware=True)
    caches = [redis.Redis.from_url(uri) for uri in uris]
    ensure_indexes(mongodb[_own_endpoints.database])
    _SHARED.add(urlsplit(_own_endpoints.mongodb_uri).netloc)
    yield mongodb[_own_endpoints.database], caches
    _KEPT.end()
    for client in [mongodb, *caches]:
        client.close()


@pytest.fixture(scope="session")
def _written(_clients):
    return documents.Written(_clients[0])


@pytest.fixture(scope="session")
def _fence(_clients):
    FenceStore(_clients[0]).ensure(new_deployment())
    return _clients[0]["cache_fence"].find_one()


@pytest.fixture(autouse=True)
def nothing_lags(monkeypatch):
    """Drop at once what may lag, so that no test has to wait for a count.

    Who tests the lag overrides this.
    """
    monkeypatch.setattr(keys, "counted", lambda key, _=None: key)
    monkeypatch.setattr(keys, "arriving", lambda key, _=None: key)


@pytest.fixture
def mongodb(_clients, _written, _fence):
    """Return the test's database, with its indexes and a fence of the cache alone.

    Each process of a test would make the fence with four commands.
    """
    database, _ = _clients
    names = _written.names()
    found = documents.ids_of(database, names) if names else {}
    for name, ids in list(found.items()):
        if len(ids) == documents.MANY:
            database[name].delete_many({})
            del found[name]
    fence = _fence | {"deployment": new_deployment()}
    documents.replace(database, found, {"cache_fence": [fence]})
    _written.forget()
    return database


@pytest.fixture
def quiet_log():
    """Keep the log in memory: drawing a traceback takes as long as ten deliveries."""
    with structlog.testing.capture_logs() as lines:
        yield lines


@pytest.fixture
def fail_commands(_place, mongodb):
    """Return what makes commands fail on the test's database, as MongoDB itself does.

    There is one fail point for all processes of the run, so one test has it at a time.
    """
    with (_place[0] / "fail-point").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        fail_point = FailPoint(mongodb)
        yield fail_point
        fail_point.end()


@pytest.fixture
def endpoints(_own_endpoints, _clients, mongodb):
    """Return the endpoints of empty servers; the databases are this process's own."""
    for client in _clients[1]:
        client.flushdb()
    return _own_endpoints


_BEGINNINGS = {}


@pytest.fixture
def once(_clients, endpoints):
    """Return a function that makes a beginning, once for all tests of this process.

    It gives what was made; each later test gets the same documents and an empty
    cache. The fence is each test's own, for its process holds a lease on it.
    """
    database, redises = _clients

    def once(make, *arguments):
        key = (make.__module__, make.__qualname__, *arguments)
        if key in _BEGINNINGS:
            made, written = _BEGINNINGS[key]
            documents.insert(database, written)
            return made
        made = make(*arguments)
        for each in redises:
            each.flushdb()
        names = documents.ids_of(database).keys() - {"cache_fence"}
        written = {name: list(database[name].find()) for name in names}
        _BEGINNINGS[key] = made, written
        return made

    return once


@pytest.fixture
def settings(tmp_path):
    """Return the default settings with an empty home."""
    return settings_in(tmp_path / "home")


@pytest.fixture(scope="session")
def _object_storage():
    """Return the address of an object storage that forgets everything at the end."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 -- few tests need it

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture
def bucket_uri(_object_storage):
    """Return the URI of a new bucket."""
    host, port = _object_storage
    name = f"kwip-{secrets.token_hex(8)}"
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("PUT", f"/{name}")
    assert connection.getresponse().status == 200
    connection.close()
    return f"s3://key:se%2Fcret@{host}:{port}/{name}?region=us-east-1&tls=0"


@pytest.fixture
def private_valkey():
    """Return a function that starts a Valkey of the test's own.

    Its argument is the role: "valkey-cache" or "valkey-queue".
    """
    started = []
    with tempfile.TemporaryDirectory(prefix="kwip-test-") as folder:

        def start(role="valkey-cache"):
            server = PrivateValkey(Path(folder) / str(len(started)), role)
            started.append(server)
            server.start()
            return server

        yield start
        for server in started:
            server.kill()
