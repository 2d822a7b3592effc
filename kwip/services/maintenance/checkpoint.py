"""A long job's row, kept up to date so that the job continues after `kill -9`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.store.jobs import Job

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.clock import ClockMs
    from kwip.store.jobs import JobStore


class Checkpoint:
    """The row of one job, found or begun.

    Args:
        jobs: Where the rows are.
        job_id: The job of the row; nothing is stored before the first `save`.
        clock: For the times in it.
    """

    def __init__(self, jobs: JobStore, job_id: str, clock: ClockMs):
        self._jobs = jobs
        self._clock = clock
        found = jobs.find(job_id)
        self.is_found = found is not None
        self.job = found or Job.begun(job_id, at(clock()))

    def restart(self) -> None:
        """Forget the job's progress."""
        self.job = Job.begun(self.job.id, at(self._clock()))

    def save(
        self,
        *,
        cursor: int | None = None,
        counts: Mapping[str, int] | None = None,
        detail: Mapping[str, str] | None = None,
        is_done: bool = False,
    ) -> None:
        """Store the row with what has changed; one write."""
        self.job = replace(
            self.job,
            state="done" if is_done else "running",
            cursor=self.job.cursor if cursor is None else cursor,
            counts={**self.job.counts, **(counts or {})},
            detail={**self.job.detail, **(detail or {})},
            updated_at=at(self._clock()),
        )
        self._jobs.save(self.job)
