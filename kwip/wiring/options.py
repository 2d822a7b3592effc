"""What a test or a loader may want otherwise than a site does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kwip.domain.clock import system_clock_ms
from kwip.services.coherence.cache_lease import FenceTimes
from kwip.services.delivery.fanout import FanoutTimes
from kwip.services.delivery.live import LiveTimes

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from kwip.domain.clock import ClockMs
    from kwip.services.delivery.signals import Enqueue, Signal
    from kwip.store.client import CommandListener


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a test or a loader may want otherwise.

    Attributes:
        id_clock: What ids are made from; a loader's own time.
        bell: Rings for jobs instead of the queue.
        signal: Rings for who waits instead of the realtime Redis.
        fence_times: The durations of the cache's fence.
        fanout_times: How fan-out is debounced.
        live_times: How long requests wait for something new.
        listeners: Hear every command to MongoDB.
        rng: Where chance comes from.
        is_sharded: What to take MongoDB for; None asks it.
    """

    id_clock: ClockMs = system_clock_ms
    clock: ClockMs = system_clock_ms
    enqueue: Enqueue | None = None
    signal: Signal | None = None
    fence_times: FenceTimes = field(default_factory=FenceTimes)
    fanout_times: FanoutTimes = field(default_factory=FanoutTimes)
    live_times: LiveTimes = field(default_factory=LiveTimes)
    listeners: Sequence[CommandListener] = ()
    rng: random.Random | None = None
    is_sharded: bool | None = None
