"""Connections to other sites: only to public addresses, and for a limited time.

A host is resolved once. The addresses are checked, and the socket connects to one of
those very addresses, so a name that resolves to something else a moment later changes
nothing.
"""

from __future__ import annotations

import io
import queue
import socket
import ssl
import threading
import time
from collections import Counter
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from kwip.services.outgoing.public_addresses import is_public

if TYPE_CHECKING:
    from collections.abc import Iterator

#: How many addresses of a host are tried, of IPv4 and of IPv6 each.
_MOST_TRIED = 2


class FetchError(Exception):
    """A request that brought nothing.

    Attributes:
        outcome: Why, in a word; for metrics and for operators.
        is_transient: Whether it may help to try again later.
    """

    def __init__(self, outcome: str, *, is_transient: bool = False):
        super().__init__(outcome)
        self.outcome = outcome
        self.is_transient = is_transient


class Place(NamedTuple):
    """Where a connection goes; `host` is in ASCII, or an IP address."""

    host: str
    port: int
    is_tls: bool


class Deadline:
    """The end of the time that a request may take, from its resolution on."""

    def __init__(self, seconds: float):
        self._end = time.monotonic() + seconds

    def left_s(self) -> float:
        """Return the seconds left.

        Raises:
            FetchError: There are none.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise FetchError("timeout", is_transient=True)
        return left


class GuardedSocket:
    """What `http.client` needs of a socket, within a deadline and a number of bytes.

    A server that sends a byte now and then, or headers without end, is cut off.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline, most_bytes: int):
        self._connection = connection
        self._deadline = deadline
        self._most_bytes = most_bytes

    def sendall(self, content: bytes) -> None:
        """Send everything."""
        self._connection.settimeout(self._deadline.left_s())
        self._connection.sendall(content)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return what reads the answer."""
        reader = _Reader(self._connection, self._deadline, self._most_bytes)
        return io.BufferedReader(reader)

    def close(self) -> None:
        """Do nothing: `connected` closes the connection."""


class _Reader(io.RawIOBase):
    def __init__(self, connection: socket.socket, deadline: Deadline, most_bytes: int):
        self._connection = connection
        self._deadline = deadline
        self._left = most_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        self._connection.settimeout(self._deadline.left_s())
        size = self._connection.recv_into(target)
        self._left -= size
        if self._left < 0:
            raise FetchError("too_large")
        return size


@contextmanager
def connected(
    place: Place, deadline: Deadline, *, most_bytes: int, is_allowed: bool = False
) -> Iterator[GuardedSocket]:
    """Connect to a public address of a host; with TLS, check its certificate.

    Args:
        place: Where to.
        deadline: Until when.
        most_bytes: The most to receive.
        is_allowed: Whether the address may be any.

    Raises:
        FetchError: There is none, or it does not answer.
    """
    found = _resolved(place, deadline)
    open_ones = [each for each in found if is_allowed or is_public(str(each[1][0]))]
    if not open_ones:
        raise FetchError("refused")
    with _opened(_some_of_each(open_ones), deadline) as plain:
        plain.settimeout(deadline.left_s())
        if not place.is_tls:
            yield GuardedSocket(plain, deadline, most_bytes)
            return
        with _tls().wrap_socket(plain, server_hostname=place.host) as secure:
            yield GuardedSocket(secure, deadline, most_bytes)


# It reads the system's certificates, which takes 20 ms.
@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


#: A family, and an address as sockets of that family have it: first the IP address.
_Address = tuple[int, Any]


def _resolved(place: Place, deadline: Deadline) -> list[_Address]:
    """Resolve a host, in a thread: the system's resolver knows no deadline."""
    answers: queue.SimpleQueue[list[_Address] | OSError] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
            answers.put([(family, address) for family, *_, address in found])
        except (OSError, UnicodeError) as error:
            answers.put(OSError(str(error)))

    threading.Thread(target=resolve, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left_s())
    except queue.Empty as error:
        raise FetchError("timeout", is_transient=True) from error
    if isinstance(answer, OSError):
        raise FetchError("unreachable", is_transient=True) from answer
    return answer


def _some_of_each(addresses: list[_Address]) -> list[_Address]:
    """Return a few addresses of each family: a machine may have no way to one."""
    seen: Counter[int] = Counter()
    some = []
    for family, address in addresses:
        seen[family] += 1
        if seen[family] <= _MOST_TRIED:
            some.append((family, address))
    return some


@contextmanager
def _opened(addresses: list[_Address], deadline: Deadline) -> Iterator[socket.socket]:
    """Connect to the first of some addresses that answers."""
    failed: OSError | None = None
    for tried, (family, address) in enumerate(addresses):
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            try:
                # Leave time for the others.
                share = len(addresses) - tried
                connection.settimeout(deadline.left_s() / share)
                connection.connect(address)
            except OSError as error:
                failed = error
            else:
                yield connection
                return
    raise failed or OSError("no address")
