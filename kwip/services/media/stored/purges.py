"""Have CDNs forget what changed: noted first, then asked for by a job until it works.

Browsers and CDNs keep public files for a year, so a deletion is only complete when the
CDN has forgotten them, too. Widgets are kept for less, and are forgotten by the keys of
what they show (see `surrogate_keys`).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.retries import MOST_ATTEMPTS, pause_after

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from kwip.domain.clock import ClockMs
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.media.stored.cdn import Cdn, Edge
    from kwip.store.purges import Purge, PurgeStore

log = structlog.get_logger()

#: The most in one request: what Cloudflare accepts.
_BATCH = 30
#: A worker that died is noticed after this time, longer than a batch may take.
_LEASE = timedelta(minutes=5)
#: Our own nginx may keep an answer for this long, and would give it to a CDN that has
#: just forgotten it.
NGINX_KEEPS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Purges:
    """Purge files whose addresses begin with `base`, and answers.

    Without a `cdn` there are no files to purge, and without an `edge` no answers.
    """

    store: PurgeStore
    base: str
    cdn: Cdn | None
    edge: Edge | None
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

    def forget(self, *keys: str) -> None:
        """Have what shows something forgotten, after a write and its invalidation.

        The sweeper sends it once it is due.
        """
        if self.edge is not None:
            self.store.add(keys, at(self.clock()) + NGINX_KEEPS)

    def has_due(self) -> bool:
        """Return whether something waits to be sent; no query without a CDN."""
        is_used = self.cdn is not None or self.edge is not None
        return is_used and self.store.has_due(at(self.clock()))

    def send(self) -> str:
        """Purge what is due; return the outcome of the job. May run several times."""
        outcome = "nothing"
        while (self.cdn or self.edge) and outcome != "later":
            now_ms = self.clock()
            until = at(now_ms) + _LEASE
            taken = {
                each.path: each for each in self.store.begin(at(now_ms), until, _BATCH)
            }
            if not taken:
                break
            wrong = self._send_each(taken)
            self.store.done(sorted(taken.keys() - wrong.keys()), until)
            self._fail([(taken[path], why) for path, why in wrong.items()], until)
            outcome = "later" if wrong else "done"
        return outcome

    def _send_each(self, taken: Iterable[str]) -> dict[str, str]:
        """Purge paths and keys; return what is wrong with those that were not.

        Those whose CDN is no longer configured are dropped.
        """
        wrong: dict[str, str] = {}
        keys = [each for each in taken if _is_key(each)]
        if self.edge is not None and keys:
            wrong |= self.edge.forget(keys)
        urls = {f"{self.base}/{each}": each for each in taken if not _is_key(each)}
        if self.cdn is not None and urls:
            found = self.cdn.purge(list(urls))
            wrong |= {urls[url]: why for url, why in found.items()}
        return wrong

    def _fail(self, failed: Iterable[tuple[Purge, str]], until: dt.datetime) -> None:
        """Postpone some, each by its number of attempts."""
        alike: dict[tuple[int, str], list[str]] = defaultdict(list)
        for purge, why in failed:
            alike[purge.attempts + 1, why].append(purge.path)
        for (attempts, why), paths in alike.items():
            due = None
            if attempts < MOST_ATTEMPTS:
                due = at(self.clock()) + pause_after(attempts)
            else:
                log.error("purge_given_up", files=paths, reason=why)
            self.store.failed(paths, until, due, why)


def _is_key(path: str) -> bool:
    """Return whether it is a key like `post:1`, and not the path of a file."""
    return "/" not in path
