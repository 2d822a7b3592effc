"""What tests and loaders replace."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kwip.domain.clock import system_clock_ms
from kwip.services.coherence.cache_lease import FenceTimes
from kwip.services.delivery.fanout import FanoutLimits
from kwip.services.delivery.long_polls import LiveTimes

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from kwip.domain.clock import ClockMs
    from kwip.services.delivery.signals import Enqueue, Signal
    from kwip.store.client import CommandListener


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a test or a loader replaces.

    Attributes:
        id_clock: The clock that ids are made from; a loader has its own time.
        enqueue: Replaces the queue.
        signal: Replaces signals through the realtime Redis.
        fence_times: The durations of the cache's fence.
        fanout_limits: How much fan-out does at once, and how it retries.
        live_times: How long requests wait for something new.
        listeners: Receive every command to MongoDB.
        rng: The source of randomness.
        is_sharded: Whether MongoDB is sharded; None asks it.
    """

    id_clock: ClockMs = system_clock_ms
    clock: ClockMs = system_clock_ms
    enqueue: Enqueue | None = None
    signal: Signal | None = None
    fence_times: FenceTimes = field(default_factory=FenceTimes)
    fanout_limits: FanoutLimits = field(default_factory=FanoutLimits)
    live_times: LiveTimes = field(default_factory=LiveTimes)
    listeners: Sequence[CommandListener] = ()
    rng: random.Random | None = None
    is_sharded: bool | None = None
