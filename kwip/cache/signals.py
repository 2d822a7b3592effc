"""Signals: one pub/sub channel of the realtime Redis for a whole deployment.

A writer publishes a signal; each live process receives it and wakes the requests that
wait for it. Redis does not store signals for processes that are not listening, so a
signal is only a hint: waiting requests also check at intervals.

A message holds the topics of one signal, packed: those of a delivered chunk are up to
1,000 homes, which take 8 kB.
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

#: How often a listener checks whether it should stop.
LOOK_S = 1.0
#: It pings the server after this long without a message, and then gives up.
ASK_S, DEAF_S = 1.0, 3.0
#: The pause between two attempts to listen.
RETRY_S = 0.5
#: How long one call may take.
ANSWER_S = 0.2

_NAME_LENGTH = struct.Struct("<B")
_COUNT = struct.Struct("<I")
_ID_BYTES = 8


def channel_of(deployment: str) -> str:
    """Return the name of the channel; one Redis has channels for all its databases."""
    return f"kw:{deployment}:signals"


def pack(topics: Sequence[str]) -> bytes:
    """Pack topics as groups of a word and its ids."""
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
    """Unpack the message of `pack`; a word without ids is a topic of its own.

    Raises:
        ValueError: It was not packed by `pack`.
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
    """Send signals to all live processes; never raises.

    One PUBLISH. If Redis is down: 200 ms at most, and then nothing for a second.

    Args:
        realtime: The realtime Redis.
        deployment: Returns the name of the deployment, None while it is unknown.
    """

    def __init__(self, realtime: Client, deployment: Callable[[], str | None]):
        self._realtime = realtime
        self._deployment = deployment

    def __call__(self, topics: Sequence[str]) -> None:
        """Send one signal for all of `topics`; does nothing if there are none."""
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
    """What a listener passes signals to."""

    def heard(self, topics: Iterable[str]) -> None:
        """Called with the topics of each signal."""

    def linked(self) -> None:
        """Called when the subscription is established."""

    def unlinked(self) -> None:
        """Called when the subscription is lost."""


class Listener:
    """Listen for signals in a loop, and report whether they can be heard.

    Args:
        uri: The realtime Redis.
        deployment: As for `RedisSignals`; a restore changes the name.
        audience: Whom to notify.
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
        """Listen while Redis answers, if the name of the deployment is known."""
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
        """Listen until the loop stops or the name of the deployment changes."""
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
            except ValueError:  # from another version, during an upgrade
                log.warning("signals_garbled")
