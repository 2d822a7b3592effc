"""A proxy between web servers and a member of the replica set.

It takes the place of the member's socket, so whoever connects from then on goes through
it; only the replies to web servers are touched.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections import Counter
from contextlib import closing, suppress
from pathlib import Path

import psutil

from kwip.embedded.children import ROLE
from tests.faults.proxy import Proxy

SLOW_S = 0.2
_HEADER = struct.Struct("<iiii")  # length, id, id that is answered, operation
#: After the header: flags, the kind of the section, the length and type of its document
#: and of the first field, whose name is the command.
_NAME_AT = _HEADER.size + 4 + 1 + 4 + 1
#: How a connection ends; also when all of them do.
_ENDS = (OSError, EOFError, asyncio.CancelledError)
_PEER = struct.Struct("3i")


class Between(Proxy):
    """A proxy in the place of a socket while the block runs.

    `mode` is "pass", "slow" (each reply 200 ms later), "hang" (no reply until the mode
    changes) or "lose" (a transaction is committed, and its reply is lost with the
    connection). `counts` has how often that happened.
    """

    def __init__(self, path):
        self._path = Path(path)
        self._upstream = self._path.with_suffix(".real")
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_listening = threading.Event()
        self.mode = "pass"
        self.counts = Counter()

    def __enter__(self):
        self._path.rename(self._upstream)
        self.start()
        return self

    def __exit__(self, *_):
        self._upstream.replace(self._path)
        self.stop()

    async def _listen(self):
        return await asyncio.start_unix_server(self._serve, self._path)

    async def _serve(self, reader, writer):
        is_web = _role(writer).startswith("web")
        commands = {}
        with closing(writer), suppress(*_ENDS):
            answers, questions = await asyncio.open_unix_connection(self._upstream)
            self.counts["connections of web servers"] += is_web
            with closing(questions):
                await asyncio.gather(
                    self._forward(reader, questions, commands),
                    self._answer_to(answers, writer, commands if is_web else None),
                )

    async def _forward(self, reader, questions, commands):
        while True:
            number, _, message = await _message(reader)
            commands[number] = message[_NAME_AT:].partition(b"\0")[0].decode("latin-1")
            questions.write(message)
            await questions.drain()

    async def _answer_to(self, answers, writer, commands):
        while True:
            _, answered, message = await _message(answers)
            if commands is not None:
                command = commands.pop(answered, "")
                if self.mode == "lose" and command == "commitTransaction":
                    self.counts["replies to commits lost"] += 1
                    raise ConnectionAbortedError
                await self._hold_back()
            writer.write(message)
            await writer.drain()

    async def _hold_back(self):
        if self.mode == "slow":
            self.counts["replies held back"] += 1
            await asyncio.sleep(SLOW_S)
        self.counts["replies held back"] += self.mode == "hang"
        while self.mode == "hang":  # noqa: ASYNC110 -- another thread sets it
            await asyncio.sleep(0.02)


async def _message(reader):
    head = await reader.readexactly(_HEADER.size)
    length, number, answered, _ = _HEADER.unpack(head)
    return number, answered, head + await reader.readexactly(length - _HEADER.size)


def _role(writer):
    """Return the role of the process that has connected."""
    peer = writer.get_extra_info("socket").getsockopt(
        socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size
    )
    try:
        return psutil.Process(_PEER.unpack(peer)[0]).environ().get(ROLE, "")
    except psutil.Error:
        return ""
