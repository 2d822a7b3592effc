"""Counts of times that are over, so that each is made once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.store.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kwip.store.jobs import JobStore

#: Longer than a write takes, and than a secondary may be behind.
_SETTLED_MS = 60_000


class Book:
    """What was counted before, and is not counted again: a row of `jobs`."""

    def __init__(self, jobs: JobStore, name: str, now_ms: int):
        self.now_ms = now_ms
        #: Nothing is added any more to what was over by then, and secondaries have it.
        self.settled_ms = now_ms - _SETTLED_MS
        self._jobs = jobs
        self._row = jobs.find(name) or Job.begun(name, at(now_ms))
        self._new: dict[str, int] = {}

    def knows(self, key: str) -> bool:
        """Return whether this is counted."""
        return key in self._row.counts

    def known(self, key: str) -> int:
        """Return a count; 0 if there is none."""
        return self._new.get(key, self._row.counts.get(key, 0))

    def count(self, key: str, counted: Callable[[], int], *, until_ms: int) -> int:
        """Return a count of a time until `until_ms`; remember it if that is settled."""
        if key in self._row.counts:
            return self._row.counts[key]
        found = counted()
        if until_ms <= self.settled_ms:
            self._new[key] = found
        return found

    def save(self, keep: Callable[[str], bool]) -> None:
        """Store what is new, without what is too old."""
        counts: Mapping[str, int] = {**self._row.counts, **self._new}
        kept = {key: count for key, count in counts.items() if keep(key)}
        if kept.items() <= self._row.counts.items():
            return
        self._jobs.save(replace(self._row, counts=kept, updated_at=at(self.now_ms)))
