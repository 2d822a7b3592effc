"""What the sweeper measures for the metrics: queues, dead letters, reports."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kwip import telemetry

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwip.cache.queue import JobQueue
    from kwip.services.accounts.administration.hourly_figures import HourlyCounting
    from kwip.services.maintenance.reports import Reports
    from kwip.store.delivery.outbox import OutboxStore
    from kwip.store.mail.mails import MailStore
    from kwip.store.purges import PurgeStore

#: Seconds between two measurements: four short queries, and two calls for each lane.
EVERY_S = 5.0


@dataclass(slots=True)
class Measurements:
    """Set the gauges that belong to the whole deployment and not to a process."""

    queue: JobQueue
    outbox: OutboxStore
    purges: PurgeStore
    mails: MailStore
    reports: Reports
    counting: HourlyCounting
    monotonic: Callable[[], float] = time.monotonic
    _next_s: float = field(default=0.0, init=False)
    _checks: set[str] = field(default_factory=set, init=False)

    def measure(self) -> None:
        """Set them, if the last time is long enough ago."""
        now_s = self.monotonic()
        if now_s < self._next_s:
            return
        self._next_s = now_s + EVERY_S
        sizes = {n: size for n, size in self.queue.sizes().items() if size is not None}
        for lane, size in sizes.items():
            telemetry.QUEUE_JOBS.labels(lane).set(size["waiting"])
            telemetry.QUEUE_OLDEST.labels(lane).set(size["oldest_s"])
        if sizes:
            self.counting.note_waiting(sum(s["waiting"] for s in sizes.values()))
        telemetry.DEAD_LETTERS.labels("post").set(self.outbox.dead_count())
        telemetry.DEAD_LETTERS.labels("purge").set(self.purges.dead_count())
        telemetry.DEAD_LETTERS.labels("mail").set(self.mails.dead_count())
        self.reports.expose(self._checks)
