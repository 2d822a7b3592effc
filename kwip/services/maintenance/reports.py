"""What commands found, stored so that the metrics of the site can say it.

A command is a process of its own that nobody scrapes. The sweeper reads these rows,
which are stored with those of long jobs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.services.maintenance.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.clock import ClockMs
    from kwip.store.jobs import JobStore

FSCK = "report:fsck"
#: Whoever makes backups stores its time: everything from before it is in the newest.
BACKUP = "report:backup"


@dataclass(frozen=True, slots=True)
class Reports:
    """Write the reports of commands, and expose them."""

    jobs: JobStore
    clock: ClockMs

    def store_fsck(self, findings: Mapping[str, int]) -> None:
        """Store how many problems each check left."""
        row = Checkpoint(self.jobs, FSCK, self.clock)
        row.restart()
        row.save(counts=findings, is_done=True)

    def expose(self, exposed: set[str]) -> None:
        """Set the metrics; two queries.

        `exposed` are the checks that have a value already, and is updated.
        """
        fsck, backup = self.jobs.find(FSCK), self.jobs.find(BACKUP)
        telemetry.FSCK_LAST_RUN.set(fsck.updated_at.timestamp() if fsck else 0)
        telemetry.BACKUP_LAST_SUCCESS.set(
            backup.updated_at.timestamp() if backup else 0
        )
        counts = fsck.counts if fsck else {}
        exposed.update(counts)
        for check in exposed:
            telemetry.FSCK_FINDINGS.labels(check).set(counts.get(check, 0))
