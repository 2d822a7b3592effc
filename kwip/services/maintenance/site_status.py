"""How the site is doing, in numbers, for its administrators."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.clock import to_ms
from kwip.services.maintenance.reports import BACKUP, FSCK
from kwip.store.commands import members_of
from kwip.store.maintenance.traffic import posts_by_hour

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from kwip.cache.client import Client
    from kwip.cache.queue import JobQueue, LaneSize
    from kwip.domain.clock import ClockMs
    from kwip.store.client import Store
    from kwip.store.delivery.outbox import OutboxStore
    from kwip.store.jobs import JobStore
    from kwip.store.mail.mails import MailStore
    from kwip.store.purges import PurgeStore

#: How many hours the chart of posts has.
HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The site at one moment; what only one process or machine knows is its own.

    Attributes:
        lanes: The jobs of each lane of the queue; None where it does not respond.
        members: How many members of the replica set are in each state.
        breakers: Whether this process has stopped using a Redis, by its role.
        posts: The posts of each of the last hours, the oldest hour first.
        fsck: How many problems the last run of fsck left; None if it never ran.
        backup_at: When the newest backup was begun.
    """

    pending: int
    oldest_pending_s: float
    dead_posts: int
    dead_purges: int
    dead_mails: int
    lanes: Mapping[str, LaneSize | None]
    members: Mapping[str, int]
    breakers: Mapping[str, bool]
    posts: Sequence[int]
    disk_free: int
    disk_total: int
    fsck: int | None
    fsck_at: dt.datetime | None
    backup_at: dt.datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """Read the status: nine short queries, and two calls for each lane."""

    store: Store
    outbox: OutboxStore
    purges: PurgeStore
    mails: MailStore
    queue: JobQueue
    jobs: JobStore
    redises: Mapping[str, Client]
    folder: Path
    clock: ClockMs

    def read(self) -> Status:
        """Read everything now.

        Raises:
            StoreUnavailableError: MongoDB does not answer.
        """
        now_ms, oldest = self.clock(), self.outbox.oldest_pending_at()
        fsck, backup = self.jobs.find(FSCK), self.jobs.find(BACKUP)
        places = (self.folder, *self.folder.parents)
        disk = shutil.disk_usage(next(each for each in places if each.exists()))
        return Status(
            pending=self.outbox.pending_count(),
            oldest_pending_s=(
                0.0 if oldest is None else max(0, now_ms - to_ms(oldest)) / 1_000
            ),
            dead_posts=self.outbox.dead_count(),
            dead_purges=self.purges.dead_count(),
            dead_mails=self.mails.dead_count(),
            lanes=self.queue.sizes(),
            members=members_of(self.store.client.topology_description),
            breakers={name: r.breaker.is_open for name, r in self.redises.items()},
            posts=posts_by_hour(self.store, now_ms, HOURS),
            disk_free=disk.free,
            disk_total=disk.total,
            fsck=None if fsck is None else sum(fsck.counts.values()),
            fsck_at=fsck.updated_at if fsck else None,
            backup_at=backup.updated_at if backup else None,
        )
