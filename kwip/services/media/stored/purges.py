"""Purge deleted files from a CDN: noted first, then asked for by a job until it works.

Browsers and CDNs keep public files for a year, so a deletion is only complete when the
CDN has forgotten them, too.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from kwip.domain.clock import at

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from kwip.domain.clock import ClockMs
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.media.stored.cdn import Cdn
    from kwip.store.purges import Purge, PurgeStore

log = structlog.get_logger()

#: The most in one request: what Cloudflare accepts.
_BATCH = 30
#: A worker that died is noticed after this time, longer than a batch may take.
_LEASE = timedelta(minutes=5)
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
#: With these pauses, the last attempt is about a day after the first.
MOST_ATTEMPTS = 30


@dataclass(frozen=True, slots=True)
class Purges:
    """Purge files whose addresses begin with `base`; without a CDN there is nothing."""

    store: PurgeStore
    base: str
    cdn: Cdn | None
    enqueue: Enqueue
    clock: ClockMs

    def note(self, paths: Sequence[str]) -> None:
        """Note public files before they are deleted; the sweeper has them purged."""
        if self.cdn is not None and paths:
            self.store.add(paths, at(self.clock()))

    def hurry(self, paths: Sequence[str]) -> None:
        """Enqueue the job for files that are deleted now."""
        if self.cdn is not None and paths:
            self.enqueue("purge", "due")

    def has_due(self) -> bool:
        """Return whether addresses wait to be sent; no query without a CDN."""
        return self.cdn is not None and self.store.has_due(at(self.clock()))

    def send(self) -> str:
        """Purge what is due; return the outcome of the job. May run several times."""
        outcome = "nothing"
        while self.cdn is not None and outcome != "later":
            now_ms = self.clock()
            until = at(now_ms) + _LEASE
            taken = self.store.begin(at(now_ms), until, _BATCH)
            if not taken:
                break
            urls = {f"{self.base}/{each.path}": each for each in taken}
            wrong = self.cdn.purge(list(urls))
            purged = [each.path for url, each in urls.items() if url not in wrong]
            self.store.done(purged, until)
            self._fail([(urls[url], why) for url, why in wrong.items()], until)
            outcome = "later" if wrong else "done"
        return outcome

    def _fail(self, failed: Iterable[tuple[Purge, str]], until: dt.datetime) -> None:
        """Postpone some, each by its number of attempts."""
        alike: dict[tuple[int, str], list[str]] = defaultdict(list)
        for purge, why in failed:
            alike[purge.attempts + 1, why].append(purge.path)
        for (attempts, why), paths in alike.items():
            due = None
            if attempts < MOST_ATTEMPTS:
                due = at(self.clock()) + _pause(attempts)
            else:
                log.error("purge_given_up", files=paths, reason=why)
            self.store.failed(paths, until, due, why)


def _pause(attempts: int) -> timedelta:
    return min(_FIRST_PAUSE * (1 << min(attempts - 1, 20)), _LONGEST_PAUSE)
