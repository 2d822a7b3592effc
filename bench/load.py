"""A small HTTP load: keep-alive connections that request one URL, one at a time.

The same client measures both sides, so its own cost is the same for both.
"""

from __future__ import annotations

import socket
import threading
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Target:
    """One URL of one server, and the headers to send."""

    port: int
    path: str
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def request(self) -> bytes:
        """The bytes of one request."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `headers` by their names in lower case."""

    status: int
    body: bytes
    headers: dict[str, str]


class Connection:
    """One keep-alive connection."""

    def __init__(self, target: Target):
        self._request = target.request
        self._socket = socket.create_connection(("127.0.0.1", target.port), timeout=10)
        self._file = self._socket.makefile("rb")

    def ask(self) -> Answer:
        """Send the request and read the whole answer."""
        self._socket.sendall(self._request)
        status = int(self._file.readline().split()[1])
        headers = {}
        while (line := self._file.readline()) not in {b"\r\n", b""}:
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        body = self._file.read(int(headers.get("content-length", 0)))
        return Answer(status, body, headers)

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._socket.close()


def requests_per_second(target: Target, *, clients: int, seconds: float) -> float:
    """Load a target for a while and count the answers; all must be 200 or 304.

    Raises:
        RuntimeError: An answer was something else, or a connection broke.
    """
    end = time.monotonic() + seconds
    counts, errors = [0] * clients, []

    def client(number: int) -> None:
        connection = Connection(target)
        try:
            while time.monotonic() < end:
                status = connection.ask().status
                if status not in {200, 304}:
                    errors.append(f"{target.path} answered {status}")
                    return
                counts[number] += 1
        except (OSError, ValueError, IndexError) as error:
            errors.append(f"{target.path}: {error!r}")
        finally:
            connection.close()

    threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(errors[0])
    return sum(counts) / (time.monotonic() - began)
