"""Every process adds what it counts to the figures of the hour, for staff.

Metrics belong to a process and its machine; what staff see over weeks belongs to the
site, and outlives both. So each process stores by how much its counters grew. A process
that is killed loses what it counted since the last time; if MongoDB's answer is lost,
that much may be counted twice.
"""

from __future__ import annotations

import atexit
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.domain.clock import at
from kwip.domain.errors import StoreUnavailableError
from kwip.loops import Loop

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

    from prometheus_client import Counter, Histogram
    from prometheus_client.samples import Sample

    from kwip.domain.clock import ClockMs
    from kwip.store.administration.figures import FiguresStore
    from kwip.store.administration.hourly_figures import HourlyFigureStore

#: Seconds between two writes: one small one at most, and none if nothing has changed.
EVERY_S = 20.0
#: A process that ends waits no longer for what its loop is storing.
_GOODBYE_S = 0.5
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


class HourlyCounting:
    """Stores the counts of this process, from `start` until it ends.

    Args:
        hours: Where the figures are.
        figures: What takes a query to find out.
        clock: Decides to which hour something belongs.
    """

    def __init__(self, hours: HourlyFigureStore, figures: FiguresStore, clock: ClockMs):
        self._hours = hours
        self._figures = figures
        self._clock = clock
        self._loop = Loop("hourly_figures", self._work)
        #: Held while something is stored, which the end of the process may be amid.
        self._storing = threading.Lock()
        self._stored = _totals()
        self._waiting: int | None = None
        self._looked_at: dt.datetime | None = None
        #: The most jobs of the hour of `_looked_at`, as stored.
        self._most = 0
        self._is_started = False

    def start(self) -> None:
        """Begin to store; call it once, in the process that counts."""
        self._is_started = True
        self._stored = _totals()
        self._loop.start()
        # gunicorn tells nobody else that a process ends.
        atexit.register(self._leave)

    def stop(self) -> None:
        """Store the last counts, if it was started."""
        if self._is_started:
            self._loop.stop()
            self._leave()

    def note_waiting(self, jobs: int) -> None:
        """Note how many jobs wait; this process then looks at the site each hour."""
        self._waiting = max(jobs, self._waiting or 0)

    def save(self) -> None:
        """Store what was counted since the last time: none to three commands.

        Raises:
            StoreUnavailableError: MongoDB does not answer; it is stored the next time.
        """
        with self._storing:
            hour, totals = self._hour(), _totals()
            counted, most, latest = self._since_stored(totals), {}, {}
            # Known only where there is a sweeper, which then looks at the site hourly.
            waiting, is_new = self._waiting, hour != self._looked_at
            if waiting is not None and (is_new or waiting > self._most):
                most = {"waiting": waiting}
                latest = self._look() if is_new else {}
            if counted or most:
                self._hours.add(hour, counted, most, latest)
            self._stored, self._waiting = totals, None
            if waiting is not None and most:
                self._looked_at, self._most = hour, waiting

    def _leave(self) -> None:
        atexit.unregister(self._leave)
        self._loop.request_stop()
        # What the loop is storing now must not be added twice.
        if not self._storing.acquire(timeout=_GOODBYE_S):
            return
        try:
            if counted := self._since_stored(_totals()):
                with suppress(StoreUnavailableError):
                    self._hours.add_last(self._hour(), counted)
        finally:
            self._storing.release()

    def _look(self) -> dict[str, int]:
        now_ms = self._clock()
        return {
            "active": self._figures.readers_between(at(now_ms - _DAY_MS), at(now_ms)),
            "stored_bytes": self._figures.stored_bytes(),
        }

    def _since_stored(self, totals: Mapping[str, int]) -> dict[str, int]:
        grown = {name: total - self._stored[name] for name, total in totals.items()}
        return {name: count for name, count in grown.items() if count}

    def _hour(self) -> dt.datetime:
        now_ms = self._clock()
        return at(now_ms - now_ms % _HOUR_MS)

    def _work(self, _loop: Loop) -> float:
        self.save()
        return EVERY_S


def _totals() -> dict[str, int]:
    """Return what this process has counted since it began."""
    lag, looks = _samples(telemetry.FANOUT_LAG), _samples(telemetry.CACHE_REQUESTS)
    found = [each.value for each in looks if each.labels["result"] in telemetry.HITS]
    return {
        "deliveries": int(sum(s.value for s in _samples(telemetry.DELIVERIES))),
        "delivered": int(sum(s.value for s in lag if s.name.endswith("_count"))),
        "lag_ms": int(1_000 * sum(s.value for s in lag if s.name.endswith("_sum"))),
        "hits": int(sum(found)),
        "lookups": int(sum(each.value for each in looks)),
    }


def _samples(metric: Counter | Histogram) -> list[Sample]:
    """Return the numbers of this process alone, without when they were created."""
    return [
        sample
        for family in metric.collect()
        for sample in family.samples
        if not sample.name.endswith("_created")
    ]
