from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import pytest

from kwip.embedded import binaries
from tests.ops.stack import Stack
from tests.servers import wait_until


@pytest.fixture
def short_path():
    """Return a folder with a path so short that sockets fit under it."""
    with tempfile.TemporaryDirectory(prefix="kwip-") as folder:
        yield Path(folder)


@pytest.fixture
def make_stack(short_path):
    """Return a function that makes a stack, not started, in a folder of that name."""
    made = []

    def make(name="home", **environ):
        stack = Stack(short_path / name, **environ)
        made.append(stack)
        return stack

    yield make
    for stack in made:
        stack.clean_up()


@pytest.fixture
def lone_mongodb(short_path):
    """Return the URI of a MongoDB that is no replica set."""
    data, socket = short_path / "lone", short_path / "mongodb-27017.sock"
    data.mkdir()
    program = binaries.find(binaries.MONGOD, None)
    argv = [program, "--dbpath", data, "--bind_ip", socket]
    argv += ["--unixSocketPrefix", short_path]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL) as server:
        wait_until(socket.is_socket)
        yield f"mongodb://{quote(str(socket), safe='')}/"
        server.kill()
