"""nginx as an ordinary process, in front of a test's app."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kwip.embedded.home_folder import HomeFolder
from kwip.nginx import upstreams
from kwip.nginx.configuration import Proxy, configuration, lists
from tests.servers import wait_until

if TYPE_CHECKING:
    from pathlib import Path


def complaints(nginx, text, folder):
    """Return what nginx says against a configuration."""
    file = folder / "nginx.conf"
    file.write_text(text)
    found = subprocess.run(
        [nginx, "-t", "-q", "-p", folder, "-c", file],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stderr


@dataclass
class Front:
    """An nginx that listens at `port`."""

    port: int
    folder: Path
    asked: int = 0

    def get(self, path, source="127.0.0.1", method="GET", body=None, **headers):
        """Send one request from an address of this machine, and read the answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(method, path, named, body, source)

    def ask(self, method, path, headers, body=None, source="127.0.0.1"):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=20, source_address=(source, 0)
        )
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            self.asked += 1
            return Answer(answer.status, answer.headers, answer.read())

    @property
    def log(self):
        """What is logged of each request, once all lines have been written."""
        log = self.folder / "access.log"
        wait_until(lambda: log.read_text().count("\n") >= self.asked)
        return log.read_text()


@dataclass
class Answer:
    status: int
    headers: object
    body: bytes = field(repr=False)


def write_lists(settings, proxy):
    """Write the servers of a proxy to where nginx reads them if it is watched."""
    for pool, listing in lists(settings, proxy).items():
        upstreams.write(HomeFolder(settings.home).upstreams, pool, listing)


@contextlib.contextmanager
def in_front(nginx, settings, port, folder, **options):
    """Run nginx for a site with these settings, until the block ends."""
    folder.mkdir()
    proxy = Proxy(
        folder=folder,
        user="root" if os.geteuid() == 0 else None,
        listen=[f"127.0.0.1:{port}"],
        **{"rate": 0, **options},
    )
    config = folder / "nginx.conf"
    config.write_text(configuration(settings, proxy))
    write_lists(settings, proxy)
    command = [nginx, "-p", folder, "-c", config, "-g", "daemon off;"]
    with (folder / "error.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    front = Front(port, folder)
    try:
        wait_until(lambda: _listens(front, process))
        yield front
    finally:
        process.terminate()
        process.wait()


def _listens(front, process):
    assert process.poll() is None, (front.folder / "error.log").read_text()
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", front.port)) == 0


class Recorded:
    """A WSGI app that notes the environment of each request it gets."""

    def __init__(self, app):
        self._app = app
        self.requests = []

    def __call__(self, environ, start_response):
        self.requests.append(dict(environ))
        return self._app(environ, start_response)


@contextlib.contextmanager
def broken(port):
    """Accept requests at a port and answer none, until the block ends; count them."""
    with socket.create_server(("127.0.0.1", port)) as server:
        requests = []

        def work():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        requests.append(connection.recv(65_536))

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield requests
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
