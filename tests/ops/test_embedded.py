"""The private servers: closed to others, found where they are, explained if not."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
import threading
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import pymongo
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from kwip.embedded import binaries, endpoints
from kwip.embedded.children import marked
from kwip.embedded.errors import CannotStartError
from kwip.embedded.home_folder import HomeFolder
from tests.ops.stack import Stack
from tests.servers import settings_in


@pytest.fixture(scope="module")
def running():
    """Return a stack that runs, whose home is too long a path for sockets."""
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        stack = Stack(Path(folder) / ("x" * 90))
        stack.start()
        yield stack
        stack.clean_up()


def socket_of(mongodb_uri):
    return urlsplit(mongodb_uri).netloc.rpartition("@")[2]


@pytest.mark.parametrize("login", ["", "kwip:guessed@"])
def test_mongodb_refuses_a_client_without_the_password(endpoints, login):
    with (
        pymongo.MongoClient(
            f"mongodb://{login}{socket_of(endpoints.mongodb_uri)}/"
        ) as client,
        pytest.raises(pymongo.errors.OperationFailure) as refused,
    ):
        client.kwip.users.find_one()

    assert refused.value.code in {13, 18}  # not authorised, authentication failed


@pytest.mark.parametrize("name", ["redis_cache_uri", "redis_queue_uri"])
@pytest.mark.parametrize("password", [None, "guessed"])
def test_valkey_refuses_a_client_without_the_password(endpoints, name, password):
    path = urlsplit(getattr(endpoints, name)).path
    with (
        redis.Redis(
            unix_socket_path=path, password=password, retry=Retry(NoBackoff(), 0)
        ) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_the_servers_listen_on_sockets_in_a_closed_folder_only(running):
    servers = [p for p in marked(running.home) if p.environ()["KWIP_ROLE"] != "web"]
    folder = running.home.sockets.stat()

    assert [process.net_connections("inet") for process in servers] == [[]] * 4
    assert stat.S_IMODE(folder.st_mode) == 0o700
    assert not Path("/tmp/mongodb-27017.sock").exists()


def test_mongodb_takes_little_memory(running):
    with pymongo.MongoClient(running.endpoints.mongodb_uri) as client:
        status = client.admin.command("serverStatus")
    allocator = status["tcmalloc"]["tcmalloc"]

    assert status["wiredTiger"]["cache"]["maximum bytes configured"] == 32 << 20
    assert allocator["aggressive_memory_decommit"] == 1
    assert allocator["release_rate"] == 10
    assert allocator["max_total_thread_cache_bytes"] == 4 << 20
    assert allocator["pageheap_free_bytes"] < 1_000_000


def test_passwords_stand_in_no_command_line(running):
    assert running.endpoints
    secrets = [path.read_text() for path in (running.home.root / "secrets").iterdir()]
    lines = [" ".join(process.cmdline()) for process in marked(running.home)]

    assert len(secrets) == 6
    assert not [line for line in lines if any(secret in line for secret in secrets)]


def test_secrets_are_readable_by_their_owner_only(short_path):
    home = HomeFolder(short_path / "home")
    home.secret("flask")
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (home.root / "secrets", home.root / "secrets" / "flask")
    ]

    assert modes == [0o700, 0o600]


def test_programs_that_race_for_a_first_secret_agree(short_path):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(HomeFolder(short_path).secret("flask"))
        )
        for _ in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 16
    assert len(set(found)) == 1


def test_a_short_secret_is_refused(short_path):
    home = HomeFolder(short_path)
    home.secret("flask")
    (short_path / "secrets" / "flask").write_text("geheim")

    with pytest.raises(CannotStartError, match="shorter than 32 characters"):
        home.secret("flask")


@pytest.mark.parametrize("name", ["x" * 90, "Home", "häuser", "with space", "a,b"])
def test_a_path_that_will_not_do_for_sockets_gets_a_short_one(short_path, name):
    home = HomeFolder(short_path / name)
    socket = str(home.socket("mongod"))

    assert socket.startswith("/tmp/kwip-")
    assert len(socket) < 60
    assert home.sockets != HomeFolder(short_path / "other" / name).sockets


def test_a_stack_with_a_long_path_runs(running):
    assert quote("/tmp/kwip-", safe="") in running.endpoints.mongodb_uri


def test_a_folder_of_sockets_that_another_user_made_is_refused(short_path, monkeypatch):
    home = HomeFolder(short_path / ("x" * 90))
    home.prepare()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    home.sockets.rmdir()
    home.sockets.symlink_to(short_path)

    with pytest.raises(CannotStartError, match="belongs to another user"):
        endpoints(settings_in(home.root))
    home.sockets.unlink()


@pytest.fixture
def home(short_path, monkeypatch):
    """Return a home, with a folder in the place of the disk in memory."""
    home, memory = HomeFolder(short_path / "home"), short_path / "memory"
    memory.mkdir()
    monkeypatch.setattr("kwip.embedded.home_folder._MEMORY", memory)
    home.run.mkdir(parents=True)
    return home


def test_metrics_are_in_memory_and_begin_empty(home, short_path):
    home.make_metrics()
    (home.metrics / "left").touch()
    home.make_metrics()
    [folder] = (short_path / "memory").iterdir()

    assert home.metrics.resolve() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert list(home.metrics.iterdir()) == []


def test_a_copy_of_a_home_leaves_the_metrics_of_the_first_alone(home, short_path):
    home.make_metrics()
    (home.metrics / "kept").touch()
    copy = HomeFolder(short_path / "copy")
    shutil.copytree(home.root, copy.root, symlinks=True)
    copy.make_metrics()

    assert (home.metrics / "kept").exists()
    assert list(copy.metrics.iterdir()) == []


def test_metrics_leave_nothing_in_memory(home, short_path):
    home.make_metrics()
    home.remove_metrics()

    assert list((short_path / "memory").iterdir()) == []
    assert not os.path.lexists(home.metrics)


def test_without_a_disk_in_memory_metrics_are_in_the_home(home, short_path):
    (short_path / "memory").rmdir()
    for _ in range(2):
        home.make_metrics()

        assert home.metrics.resolve() == home.root.resolve() / "run" / "metrics"


def test_a_full_disk_is_named_with_what_is_needed(short_path):
    home = HomeFolder(short_path)

    with pytest.raises(CannotStartError, match=r"disk is full \(599 MB free, 600 MB"):
        home.check_space(lambda _: 599_999_999)


def test_a_later_start_needs_less_room(short_path):
    home = HomeFolder(short_path)
    home.data("mongod").mkdir(parents=True)
    home.check_space(lambda _: 100_000_000)

    with pytest.raises(CannotStartError, match="99 MB free, 100 MB needed"):
        home.check_space(lambda _: 99_999_999)


def script(folder, name, text):
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("kind", "printed", "complaint"),
    [
        (binaries.MONGOD, "db version v5.0.31", "MongoDB 5.0.31, and Kwip needs 6.0"),
        (
            binaries.VALKEY,
            "Redis server v=6.0.16 sha=0",
            "Redis 6.0.16, and Kwip needs",
        ),
        (binaries.VALKEY, "db version v6.0.5", "is not Valkey or Redis"),
    ],
)
def test_a_server_that_is_too_old_is_refused(short_path, kind, printed, complaint):
    program = script(short_path, "server", f"echo '{printed}'")

    with pytest.raises(CannotStartError, match=complaint) as refused:
        binaries.find(kind, program)
    assert kind.variable in refused.value.message


def test_a_newer_redis_will_do(short_path):
    program = script(short_path, "redis-server", "echo 'Redis server v=7.0.15 sha=0'")

    assert binaries.find(binaries.VALKEY, program) == program


def test_a_missing_library_is_named_with_its_debian_package(short_path):
    original = binaries.find(binaries.VALKEY, None).read_bytes()
    program = short_path / "valkey-server"
    program.write_bytes(original.replace(b"libdl.so.2\0", b"libqq.so.2\0"))
    program.chmod(0o755)

    with pytest.raises(CannotStartError) as refused:
        binaries.find(binaries.VALKEY, program)
    assert refused.value.message == (
        f"{program} needs libqq.so.2: run `apt-get install libqq2`"
    )


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libcurl.so.4", "libcurl4"),
        ("libcrypto.so.3", "libssl3"),
        ("libm.so.6", "libc6"),
        ("libnghttp2.so.14", "libnghttp2-14"),
        ("libldap-2.5.so.0", "libldap-2.5-0"),
        ("libidn2.so.0", "libidn2-0"),
    ],
)
def test_the_package_of_a_library_is_known(library, package):
    assert binaries.package_of(library) == package


def test_a_program_for_another_machine_is_named(short_path):
    program = short_path / "mongod"
    program.write_bytes(b"\x7fELF nonsense")
    program.chmod(0o755)

    with pytest.raises(CannotStartError, match="cannot be run"):
        binaries.find(binaries.MONGOD, program)


def test_a_server_is_looked_for_on_the_path_last(short_path, monkeypatch):
    program = script(short_path, "mongod", "echo 'db version v7.0.2'")
    monkeypatch.setenv("PATH", str(short_path))
    elsewhere = binaries.Kind(
        "MongoDB",
        "KWIP_MONGOD",
        ("no_such_package.inside", "mongod"),
        ("mongod",),
        binaries.MONGOD.version,
        (6, 0),
    )

    assert binaries.find(elsewhere, None) == program
    assert binaries.find(binaries.MONGOD, None) != program


def test_a_server_that_is_nowhere_is_named(monkeypatch, short_path):
    monkeypatch.setenv("PATH", str(short_path))
    nowhere = binaries.Kind(
        "MongoDB",
        "KWIP_MONGOD",
        ("no.package", "x"),
        ("mongod",),
        binaries.MONGOD.version,
        (6, 0),
    )

    with pytest.raises(CannotStartError, match="no mongod found"):
        binaries.find(nowhere, None)


def test_the_process_of_another_home_is_never_taken_for_a_leftover(running, make_stack):
    other = make_stack()
    other.home.prepare()

    assert marked(running.home)
    assert not marked(other.home)
    assert psutil.pid_exists(running.pid)
