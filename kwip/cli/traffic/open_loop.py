"""An HTTP client that sends each request when it is due, answered or not.

One thread and plain sockets, because the client shares the machine with the server it
measures. Requests come from many addresses of the loopback network, so that each has
its own rate limits, like a person.
"""

from __future__ import annotations

import asyncio
import resource
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING

from kwip.domain.world.driving import Answered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwip.domain.world.driving import Planned

    Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

#: People close a page that has not answered for this long.
PATIENCE_S = 10.0
_ADDRESSES = 200
#: A server closes connections that are idle for longer, and may be doing so right now.
_IDLE_S = 20.0
#: Files that a process may open: a connection for each request in flight.
_FILES = 16_384


class OpenLoop:
    """Requests to one server, each on a connection of its own while it lasts.

    Args:
        host: The server; only a loopback address has many neighbours to send from.
        port: Its port.
        advance: Called for each request that is finished.
    """

    def __init__(self, host: str, port: int, advance: Callable[[int], None]):
        self._host = host
        self._port = port
        self._advance = advance
        self._idle: deque[tuple[float, Connection]] = deque()
        self._opened = 0

    def run(self, requests: Sequence[tuple[Planned, bytes]]) -> list[Answered]:
        """Send all requests at their times, and wait for the answers."""
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(_FILES, most), most))
        return asyncio.run(self._run(requests))

    async def _run(self, requests: Sequence[tuple[Planned, bytes]]) -> list[Answered]:
        loop = asyncio.get_running_loop()
        began = loop.time()
        under_way = []
        for planned, request in requests:
            due = began + planned.at_s
            if (wait_s := due - loop.time()) > 0:
                await asyncio.sleep(wait_s)
            under_way.append(asyncio.create_task(self.answer(planned, request, due)))
        answers = await asyncio.gather(*under_way)
        self.close()
        return answers

    def close(self) -> None:
        """Close the connections that wait for their next request."""
        for _, (_, writer) in self._idle:
            writer.close()

    async def answer(self, planned: Planned, request: bytes, due: float) -> Answered:
        """Send one request, and time its answer from the moment it was due."""
        status = 0
        with suppress(OSError, TimeoutError, EOFError, ValueError, IndexError):
            async with asyncio.timeout(PATIENCE_S):
                status = await self._ask(request)
        self._advance(1)
        return Answered(planned, status, asyncio.get_running_loop().time() - due)

    async def _ask(self, request: bytes) -> int:
        """Send one request on a free connection; return the answer's status."""
        reader, writer = self._take_idle() or await self._open()
        is_whole = False
        try:
            writer.write(request)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, found, length = head.partition(b"content-length: ")
            is_chunked = b"transfer-encoding: chunked" in head
            if found:
                await reader.readexactly(int(length.split(b"\r\n", 1)[0]))
            elif is_chunked:
                await _read_chunks(reader)
            is_known = bool(found) or is_chunked
            is_whole = is_known and b"connection: close" not in head
            return int(head.split(b" ", 2)[1])
        finally:
            if is_whole:
                since = asyncio.get_running_loop().time()
                self._idle.append((since, (reader, writer)))
            else:
                writer.close()

    def _take_idle(self) -> Connection | None:
        """Take the most recently used connection, if it is still open."""
        now = asyncio.get_running_loop().time()
        while self._idle and now - self._idle[0][0] > _IDLE_S:
            self._idle.popleft()[1][1].close()
        return self._idle.pop()[1] if self._idle else None

    async def _open(self) -> Connection:
        self._opened += 1
        number = self._opened % _ADDRESSES
        is_local = self._host.startswith("127.")
        local = (f"127.7.{number // 100}.{number % 100 + 1}", 0) if is_local else None
        return await asyncio.open_connection(self._host, self._port, local_addr=local)


async def _read_chunks(reader: asyncio.StreamReader) -> None:
    """Read a body whose length was not known, as nginx sends what it compresses."""
    size = 1
    while size:
        size = int((await reader.readuntil(b"\r\n")).split(b";", 1)[0], 16)
        await reader.readexactly(size + len(b"\r\n"))
