"""A Redis client, mostly for the cache: short timeouts, no retries, no exceptions.

redis-py's own client retries and hangs for seconds on a stopped server; here a call
waits 200 ms at most and returns None. After a failure a circuit breaker is open for a
second, so that few requests wait for the server.

Connections are kept in a deque, whose `pop` and `append` are atomic, so the hot path
takes no lock.
"""

from __future__ import annotations

import itertools
import os
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1
from importlib.resources import files
from typing import TYPE_CHECKING, Protocol, cast

import redis
import structlog
from redis.backoff import NoBackoff
from redis.connection import ConnectionPool
from redis.exceptions import NoScriptError, RedisError, ResponseError
from redis.retry import Retry

from kwip import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

log = structlog.get_logger()

Argument = str | bytes | int
#: What the commands used here reply: a number, or a list of numbers or bytes.
Reply = int | bytes | list[int] | list[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientTimes:
    """How long a call may take, and how long the breaker stays open, in seconds."""

    call_s: float = 0.2
    breaker_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script from `scripts/`, sent by its digest once the server knows it."""

    source: bytes
    digest: str
    name: str

    @classmethod
    def named(cls, *names: str) -> Script:
        """Read `scripts/<name>.lua` and join them in the given order."""
        folder = files("kwip.cache").joinpath("scripts")
        source = b"".join(folder.joinpath(f"{n}.lua").read_bytes() for n in names)
        # Redis names scripts by SHA-1; nothing depends on its strength.
        digest = sha1(source, usedforsecurity=False).hexdigest()
        return cls(source, digest, names[-1])


class Breaker:
    """Reject calls to a server that has just failed; let one through at a time.

    Two concurrent threads may both be let through: that costs one more wait, but no
    lock.
    """

    def __init__(
        self, open_s: float, clock: Callable[[], float], *, role: str = "cache"
    ):
        self._open_s = open_s
        self._clock = clock
        self._role = role
        self._open_until: float | None = None
        self._gauge = telemetry.REDIS_BREAKER_OPEN.labels(role)

    @property
    def is_open(self) -> bool:
        """Whether the last call failed."""
        return self._open_until is not None

    def lets_through(self) -> bool:
        """Return whether this caller may try the server."""
        open_until = self._open_until  # once: another thread may close it
        if open_until is None:
            return True
        now = self._clock()
        if now < open_until:
            return False
        self._open_until = now + self._open_s
        return True

    def note(self, *, worked: bool) -> None:
        """Close after a call that succeeded, open after one that failed."""
        if worked:
            if self._open_until is not None:
                self._open_until = None
                self._gauge.set(0)
                log.info("cache_breaker_closed", role=self._role)
            return
        if self._open_until is None:
            self._gauge.set(1)
            log.warning("cache_breaker_opened", role=self._role)
        self._open_until = self._clock() + self._open_s


class Connection(Protocol):
    """What is used of redis-py's connections, which are untyped."""

    def connect(self) -> None:
        """Open the socket and authenticate."""

    def disconnect(self) -> None:
        """Close the socket."""

    def send_command(self, *command: Argument) -> None:
        """Send one command."""

    def read_response(self, *, timeout: float = ...) -> Reply:
        """Wait for one reply; raises if it is an error."""


@dataclass(slots=True)
class _Line:
    """A connection, and how many pending replies are to be ignored."""

    connection: Connection
    owed: int = 0


class Client:
    """Send commands to one Redis; None means that it failed or did not answer.

    Args:
        uri: For example `unix://:password@/run/cache.sock` or `redis://host:6379/0`.
        times: How long a call may take.
        idle: Connections kept open while unused.
        role: The role of the Redis, for the metrics: "cache" or "realtime".
        clock: For the breaker, in seconds.
    """

    def __init__(
        self,
        uri: str,
        *,
        times: ClientTimes | None = None,
        idle: int = 16,
        role: str = "cache",
        clock: Callable[[], float] = time.monotonic,
    ):
        self._times = times or ClientTimes()
        self._clock = clock
        self._max_idle = idle
        # redis-py's pool is only used as a factory: its own takes two locks per call.
        self._factory = ConnectionPool.from_url(
            uri,
            socket_timeout=self._times.call_s,
            socket_connect_timeout=self._times.call_s,
            retry=Retry(NoBackoff(), 0),
            protocol=2,  # so that a new connection costs AUTH alone
            driver_info=None,
        )
        self.role = role
        self._idle: deque[_Line] = deque()
        self._pid = os.getpid()
        self._trips = itertools.count(1)
        self.breaker = Breaker(self._times.breaker_s, clock, role=role)
        #: Commands sent and awaited, for tests that state the cost of a read.
        self.round_trips = 0

    def run(
        self, script: Script, keys: Sequence[str], arguments: Sequence[Argument]
    ) -> Reply | None:
        """Run a script: one round trip, two if the server does not know it.

        None at once while the breaker is open, after 200 ms if Redis hangs.
        """
        if not self.breaker.lets_through():
            return None
        return self._attempt(_evalsha(script, keys, arguments), script)

    def send(self, *commands: tuple[Argument, ...]) -> None:
        """Send commands without waiting for replies; they may fail unnoticed.

        The next user of the connection reads their replies first. No round trip.
        """
        line = self._take() if self.breaker.lets_through() else None
        if line is None:
            return
        try:
            for command in commands:
                line.connection.send_command(*command)
        except RedisError:
            line.connection.disconnect()
            return
        line.owed += len(commands)
        self._put_back(line)

    def insist(self, *command: Argument, fresh: bool) -> Reply | None:
        """Send a command even if the breaker is open, optionally on a new connection.

        None after 200 ms if Redis hangs, at once if it refuses.
        """
        return self._attempt(command, fresh=fresh)

    def insist_script(
        self,
        script: Script,
        keys: Sequence[str],
        arguments: Sequence[Argument],
        *,
        fresh: bool,
    ) -> Reply | None:
        """Run a script even if the breaker is open, like `insist`."""
        return self._attempt(_evalsha(script, keys, arguments), script, fresh=fresh)

    def close(self) -> None:
        """Close idle connections."""
        while self._idle:
            self._idle.pop().connection.disconnect()

    def _attempt(
        self,
        command: tuple[Argument, ...],
        script: Script | None = None,
        *,
        fresh: bool = False,
    ) -> Reply | None:
        began = self._clock()
        try:
            line = None if fresh else self._take()
            if line is None:
                line = self._connect()
                reply = self._exchange(line, command, script, self._time_left(began))
            else:
                reply = self._exchange(line, command, script)
        except RedisError as error:
            self.breaker.note(worked=False)
            log.debug("cache_call_failed", error=type(error).__name__)
            self.close()  # the other idle connections go to the same server
            return None
        self.breaker.note(worked=True)
        self._put_back(line)
        return reply

    def _exchange(
        self,
        line: _Line,
        command: tuple[Argument, ...],
        script: Script | None,
        wait_s: float | None = None,
    ) -> Reply:
        """Wait for one reply: the one place where round trips are counted."""
        self.round_trips = next(self._trips)
        connection = line.connection
        try:
            connection.send_command(*command)
            while line.owed:
                line.owed -= 1
                with suppress(ResponseError):
                    connection.read_response()
            if wait_s is None:
                return connection.read_response()
            return connection.read_response(timeout=wait_s)
        except NoScriptError:
            if script is None:
                raise
        eval_it = ("EVAL", script.source, *command[2:])
        return self._exchange(line, eval_it, None, wait_s)

    def _put_back(self, line: _Line) -> None:
        if len(self._idle) < self._max_idle:
            self._idle.append(line)
        else:
            line.connection.disconnect()

    def _take(self) -> _Line | None:
        if self._pid != os.getpid():  # a fork shares sockets with its parent
            self._idle, self._pid = deque(), os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _connect(self) -> _Line:
        factory = self._factory
        made = factory.connection_class(**factory.connection_kwargs)
        connection = cast("Connection", made)
        connection.connect()
        return _Line(connection)

    def _time_left(self, began: float) -> float:
        """Return the time left for a call after connecting, at least 1 ms."""
        return max(0.001, began + self._times.call_s - self._clock())


def plain_client(uri: str, timeout_s: float) -> redis.Redis:
    """Create redis-py's own client, for callers that may wait; it raises `RedisError`.

    It is created without retries, which would block a caller for 6 s and more.
    """
    return redis.Redis.from_url(
        uri,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
    )


def _evalsha(
    script: Script, keys: Sequence[str], arguments: Sequence[Argument]
) -> tuple[Argument, ...]:
    return ("EVALSHA", script.digest, len(keys), *keys, *arguments)
