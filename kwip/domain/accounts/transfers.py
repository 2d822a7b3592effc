"""Archives that users ask for, files that they import, and the progress of both."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.ids import UserId

#: How long a finished archive can be downloaded.
ARCHIVE_LIFETIME = dt.timedelta(days=7)
#: The time between two archives of one user.
ARCHIVE_PAUSE = dt.timedelta(days=7)
#: The kinds of files to import: an archive, or Mastodon's tables.
ARCHIVE = "archive"
TABLES = ("follows", "mutes", "blocks", "lists", "bookmarks")
FILE_KINDS = (ARCHIVE, *TABLES)
#: Where their files are, below the media folder; no address leads there.
ARCHIVES = "private-archives"


class TransferState(StrEnum):
    """How far a transfer has come; `expired` is done, and its file is deleted."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """The newest transfer of a user, in one direction.

    Attributes:
        file: The name of its archive.
        counts: What was transferred, by kind.
        phase: What the worker is doing; `done` of `total` are finished.
        problem: Why it failed, for its owner.
        worker: The worker that has the lease on it.
    """

    user_id: UserId
    file: str
    requested_at: dt.datetime
    state: TransferState = TransferState.WAITING
    size_bytes: int = 0
    details: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    phase: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""
    attempts: int = 0
    worker: str | None = None
    ended_at: dt.datetime | None = None

    @property
    def is_waiting(self) -> bool:
        """Whether a worker is working on it, or will be."""
        return self.state is TransferState.WAITING

    @property
    def path(self) -> str:
        """The path of its archive below the media folder."""
        return f"{ARCHIVES}/{self.file}.zip"

    @property
    def report_path(self) -> str:
        """The path of the report of an import."""
        return f"{ARCHIVES}/{self.file}.csv"

    @property
    def percent(self) -> int:
        """How much of the phase is through, in per cent."""
        return min(100, 100 * self.done // self.total) if self.total else 0
