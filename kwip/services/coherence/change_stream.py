"""Repeat the invalidations of all writes, for writers that died before their own.

A write that was killed between its commit and its invalidation was not acknowledged,
and its keys would stay until they expire. The change-stream invalidator reads the
changes in MongoDB four times a second and invalidates the keys that each concerns. It
stores its position afterwards, so after a crash some invalidations are repeated. One
process at a time does this.

While it keeps up, cached values live for hours instead of a minute.
"""

from __future__ import annotations

import datetime as dt
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.domain.clock import at
from kwip.services.coherence.change_stream_keys import WATCHED, concerned
from kwip.store.changes import HistoryLostError

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.loops import Loop
    from kwip.services.coherence.fence import Fence
    from kwip.store.changes import Change, ChangeStore, Feed, Token

log = structlog.get_logger()

#: An invalidator that has not stored its position for so long may be replaced.
LEASE_S = 10.0
#: Between two stored positions while there are changes, and while there are none.
SAVE_S, IDLE_S = 1.0, 5.0
#: Between two reads of the changes, and when there were none for some seconds.
#: Following each change at once costs MongoDB twice as much.
EVERY_S, QUIET_S = 0.25, 1.0
#: Between two attempts to take over.
PAUSE_S = 1.0
#: The most changes whose keys are invalidated together.
BATCH = 500
#: An invalidator that is further behind does not keep up. A burst of writes is no
#: reason to empty the cache.
KEEPS_UP_S = 60.0


@dataclass(slots=True, kw_only=True)
class ChangeStreamInvalidator:
    """Follow the changes of everything that is cached, and invalidate its keys.

    Attributes:
        changes: The stream, and the stored position.
        fence: Invalidates the keys, and falls back as it does for any writer.
        clock: The time of day.
        lease_s: How long another process waits before it takes over.
        lag_s: How old the newest change was when its keys had been invalidated.
    """

    changes: ChangeStore
    fence: Fence
    clock: ClockMs
    lease_s: float = LEASE_S
    name: str = field(default_factory=lambda: secrets.token_hex(8))
    lag_s: float = 0.0

    def work(self, loop: Loop) -> float:
        """Follow changes until the loop stops or another process takes over."""
        is_mine, token = self.changes.lease(self.name, self._now(), self._until())
        if not is_mine:
            return PAUSE_S
        try:
            self._follow(loop, token)
        except HistoryLostError:
            # What was missed is unknown. The stream resumes from now first, so that
            # nothing is missed between it and the new epoch.
            log.warning("cache_stream_lost_history")
            self._follow(loop, None, is_new_epoch=True)
        return PAUSE_S

    def _follow(
        self, loop: Loop, token: Token | None, *, is_new_epoch: bool = False
    ) -> None:
        with self.changes.follow(list(WATCHED), token) as feed:
            if is_new_epoch:
                self.fence.end_all()
            while not loop.is_stopped and self._repeat_for(feed, loop):
                if self.lag_s < KEEPS_UP_S:
                    self.fence.beat_stream()
                loop.beat()
            if loop.is_stopped:  # the next one need not wait for the lease to expire
                self.changes.save(self.name, feed.token, self._now())

    def _repeat_for(self, feed: Feed, loop: Loop) -> bool:
        """Follow until the position is due; False if another process took over."""
        began = time.monotonic()
        repeated = 0
        while not loop.is_stopped:
            found = self._repeat(feed.take(BATCH))
            repeated += found
            if time.monotonic() - began >= (SAVE_S if repeated else IDLE_S):
                break
            if found < BATCH:
                loop.wait(EVERY_S if repeated else QUIET_S)
        return self.changes.save(self.name, feed.token, self._until())

    def _repeat(self, changes: list[Change]) -> int:
        """Invalidate what some changes concern; count the changes."""
        if not changes:
            self._note_lag(0.0)
            return 0
        invalidated = {key: None for change in changes for key in concerned(change)}
        self.fence.invalidate(invalidated)
        telemetry.CACHE_STREAM_INVALIDATIONS.inc(len(invalidated))
        self._note_lag((self._now() - changes[-1].at).total_seconds())
        return len(changes)

    def _note_lag(self, lag_s: float) -> None:
        self.lag_s = max(0.0, lag_s)
        telemetry.CACHE_STREAM_LAG.set(self.lag_s)

    def _now(self) -> dt.datetime:
        return at(self.clock())

    def _until(self) -> dt.datetime:
        return self._now() + dt.timedelta(seconds=self.lease_s)
