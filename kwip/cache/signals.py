"""The signal: one channel of the realtime Redis for a whole deployment.

Whoever has written something rings it, each live process hears it and wakes those
who wait there. Redis keeps no ring for anybody who does not listen at that moment, so
a ring is a hint and never more: who waits looks again by the clock.

A message holds the topics of one ring, packed: those of a delivered chunk are up to
1,000 homes, which are 8 kB.
"""

from __future__ import annotations

import struct
import time
from typing import TYPE_CHECKING, Protocol

import structlog
from redis.exceptions import RedisError

from kwip import telemetry
from kwip.cache.client import plain_client
from kwip.loops import Loop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from redis.client import PubSub

    from kwip.cache.client import Client

log = structlog.get_logger()

#: A listener looks up from the channel so often, to see whether it should end.
LOOK_S = 0.25
#: It asks for a sign of life after so long without one, and gives up at the other.
ASK_S, DEAF_S = 1.0, 3.0
#: Between two tries to listen.
RETRY_S = 0.5
#: How long one call may take.
ANSWER_S = 0.2

_NAME_LENGTH = struct.Struct("<B")
_COUNT = struct.Struct("<I")
_ID_BYTES = 8


def channel_of(deployment: str) -> str:
    """Name the channel; Redis has one set of them for all its databases."""
    return f"kw:{deployment}:doorbell"


def pack(topics: Sequence[str]) -> bytes:
    """Write topics as groups of a word and the ids that belong to it."""
    groups: dict[str, list[int]] = {}
    for topic in topics:
        word, _, topic_id = topic.partition(":")
        ids = groups.setdefault(word, [])
        if topic_id:
            ids.append(int(topic_id))
    return b"".join(
        _NAME_LENGTH.pack(len(word))
        + word.encode("ascii")
        + _COUNT.pack(len(ids))
        + struct.pack(f"<{len(ids)}Q", *ids)
        for word, ids in groups.items()
    )


def unpack(message: bytes) -> Iterator[str]:
    """Read what `pack` wrote; a word without ids is a topic of its own.

    Raises:
        ValueError: It is nothing that `pack` writes.
    """
    at = 0
    try:
        while at < len(message):
            (length,) = _NAME_LENGTH.unpack_from(message, at)
            at += _NAME_LENGTH.size
            word = message[at : at + length].decode("ascii")
            at += length
            (count,) = _COUNT.unpack_from(message, at)
            at += _COUNT.size
            ids = struct.unpack_from(f"<{count}Q", message, at)
            at += count * _ID_BYTES
            yield from [f"{word}:{each}" for each in ids] if ids else [word]
    except struct.error as error:
        raise ValueError(message[:40]) from error


class RedisSignals:
    """Ring for everybody who waits, in whatever process, and never fail.

    One PUBLISH. On Redis down: 200 ms at most, and then nothing for a second.

    Args:
        realtime: The realtime Redis.
        deployment: Gives the name of the deployment, None as long as it is unknown.
    """

    def __init__(self, realtime: Client, deployment: Callable[[], str | None]):
        self._realtime = realtime
        self._deployment = deployment

    def __call__(self, topics: Sequence[str]) -> None:
        """Ring once for all of `topics`; without any there is nothing to ring for."""
        if not topics:
            return
        telemetry.SIGNALS_SENT.labels(self._publish(topics)).inc()

    def _publish(self, topics: Sequence[str]) -> str:
        deployment = self._deployment()
        if deployment is None or not self._realtime.breaker.lets_through():
            return "skipped"
        signal = ("PUBLISH", channel_of(deployment), pack(topics))
        return (
            "failed" if self._realtime.insist(*signal, fresh=False) is None else "sent"
        )


class Audience(Protocol):
    """Who is told what a listener hears."""

    def heard(self, topics: Iterable[str]) -> None:
        """Hear the topics of one ring."""

    def linked(self) -> None:
        """Note that rings are heard from now on."""

    def unlinked(self) -> None:
        """Note that rings are heard no longer."""


class Listener:
    """Hear the signal in a loop, and say whether it can be heard.

    Args:
        uri: The realtime Redis.
        deployment: As for `RedisSignals`; a restore gives it another name.
        audience: Whom it tells.
    """

    def __init__(
        self,
        uri: str,
        deployment: Callable[[], str | None],
        audience: Audience,
    ):
        self._uri = uri
        self._deployment = deployment
        self._audience = audience
        self.loop = Loop("listener", self._work)

    def _work(self, loop: Loop) -> float:
        """Listen as long as Redis answers, if the name of the deployment is known."""
        deployment = self._deployment()
        if deployment is not None:
            try:
                with (
                    plain_client(self._uri, ANSWER_S) as client,
                    client.pubsub() as channel,
                ):
                    self._listen(channel, deployment, loop)
            except RedisError as error:
                log.warning("signals_unheard", reason=type(error).__name__)
            finally:
                self._audience.unlinked()
        return RETRY_S

    def _listen(self, channel: PubSub, deployment: str, loop: Loop) -> None:
        """Hear rings until the end, or until the deployment has another name."""
        channel.subscribe(channel_of(deployment))
        heard_at = asked_at = time.monotonic()
        while not loop.is_stopped and self._deployment() == deployment:
            message = channel.get_message(timeout=LOOK_S)
            loop.beat()
            now = time.monotonic()
            if message is not None:
                heard_at = now
                self._take(message["type"], message["data"])
            elif now - heard_at > DEAF_S:  # a stopped server closes no connection
                raise RedisError("no sign of life")
            elif now - max(heard_at, asked_at) > ASK_S:
                asked_at = now
                channel.ping()

    def _take(self, kind: str, data: bytes) -> None:
        if kind == "subscribe":
            log.info("signals_heard")
            self._audience.linked()
        elif kind == "message":
            telemetry.SIGNALS_RECEIVED.inc()
            try:
                self._audience.heard(unpack(data))
            except ValueError:  # another version's, during an upgrade
                log.warning("signals_garbled")
