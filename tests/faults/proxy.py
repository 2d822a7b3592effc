"""A proxy in front of a Redis that holds replies back, or loses them."""

from __future__ import annotations

import asyncio
import random
import threading
from collections import Counter
from contextlib import closing, suppress
from urllib.parse import urlsplit

#: Longer than Kwip waits for a reply, and shorter.
HELD_S = (0.02, 0.35)


class Proxy:
    """Listens on a port of its own; `mode` says what happens to replies.

    "pass", "delay" (some are held back, some of these for longer than anybody waits),
    "lose" (a connection that lost one is dead, as behind a broken network) or "deaf"
    (what is asked is lost as well). `counts` has what really happened.
    """

    def __init__(self, uri):
        parts = urlsplit(uri)
        self._upstream = parts.path
        self._password = parts.password
        self._loop = asyncio.new_event_loop()
        self._random = random.Random(7)  # noqa: S311 -- the same every time
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._is_listening = threading.Event()
        self.mode = "pass"
        self.counts = Counter()
        self.port = 0

    @property
    def uri(self):
        return f"redis://:{self._password}@127.0.0.1:{self.port}/0"

    def start(self):
        self._thread.start()
        assert self._is_listening.wait(10)

    def stop(self):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._listen())
        self._is_listening.set()
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _listen(self):
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _serve(self, reader, writer):
        with closing(writer):
            try:
                answers, questions = await asyncio.open_unix_connection(self._upstream)
            except OSError:
                return
            with closing(questions), suppress(OSError, asyncio.IncompleteReadError):
                await asyncio.gather(
                    self._ask(reader, questions), self._answer(answers, writer)
                )

    async def _ask(self, reader, questions):
        while data := await reader.read(65_536):
            if self.mode == "deaf":
                self.counts["requests lost"] += 1
                continue
            questions.write(data)
            await questions.drain()
        questions.close()

    async def _answer(self, answers, writer):
        is_dead = False
        while data := await answers.read(65_536):
            if self.mode == "lose" and self._random.random() < 0.3:
                is_dead = True
            if is_dead:
                self.counts["replies lost"] += 1
                continue
            if self.mode == "delay" and self._random.random() < 0.3:
                held_s = self._random.uniform(*HELD_S)
                self.counts["replies held back"] += 1
                self.counts["held for too long"] += held_s > 0.2
                await asyncio.sleep(held_s)
            writer.write(data)
            await writer.drain()
        writer.close()
