"""Imports that users ask for: checked, stored, and done by a worker.

The request is the job's durable source, with the uploaded file. A worker that dies
loses its lease; another one begins again, and finds what is there already.
"""

from __future__ import annotations

import csv
import io
import secrets
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import structlog

from kwip.domain.accounts.transfers import (
    ARCHIVE,
    ARCHIVE_LIFETIME,
    Transfer,
    TransferState,
)
from kwip.domain.accounts.users import Viewer
from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.messages import lazy_gettext
from kwip.services.backups.relations_import import relations_in
from kwip.services.backups.sources.archives import kwips_of, source_of
from kwip.services.backups.sources.containers import opened
from kwip.services.backups.sources.tables import rows_in
from kwip.services.backups.transferring import (
    FAILED,
    MOST_ATTEMPTS,
    NotedProgress,
    StoppedError,
    remove_file,
    spend_import,
    take,
)
from kwip.text.translation import language

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.media.media import OpenFile
    from kwip.services.backups.kwips_import import KwipsImport, Report
    from kwip.services.backups.relations_import import RelationsImport
    from kwip.services.backups.tables_import import TablesImport
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.mail.recipients import Recipients
    from kwip.services.maintenance.progress import Progress
    from kwip.services.reading.rate_limits import RateLimits
    from kwip.store.accounts.transfers import TransferStore
    from kwip.store.media import MediaStorage

log = structlog.get_logger()

_HEADER = ("what", "written", "reason", "text")
_NAME_CHARS = 100
#: With these, formulas begin.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """Take files, import them, and keep the report for a week."""

    store: TransferStore
    media: MediaStorage
    kwips: KwipsImport
    tables: TablesImport
    relations: RelationsImport
    rate_limits: RateLimits
    recipients: Recipients
    enqueue: Enqueue
    clock: ClockMs

    def find(self, viewer: Viewer) -> Transfer | None:
        """Find the viewer's newest import; one query."""
        return self.store.find(viewer.id)

    def request(
        self, viewer: Viewer, file: IO[bytes] | None, kind: str, name: str
    ) -> None:
        """Check a file, store it, and have it imported.

        Raises:
            InvalidError: It can't be imported.
            ConflictError: An import of the viewer's is under way.
            RateLimitedError: There were too many today.
        """
        if file is None:
            raise InvalidError(
                lazy_gettext("Choose a file."), {"file": lazy_gettext("Choose one.")}
            )
        self._check(file, kind)
        spend_import(self.rate_limits, viewer.id)
        last = self.store.find(viewer.id)
        new = Transfer(
            user_id=viewer.id,
            file=secrets.token_hex(16),
            requested_at=at(self.clock()),
            details={
                "kind": kind,
                "name": name[:_NAME_CHARS],
                "language": language(),
            },
        )
        file.seek(0)
        self.media.save(new.path, file)
        if not self.store.request(new, before=new.requested_at):
            remove_file(self.media, new.path)
            raise ConflictError(
                lazy_gettext("Another import is under way. Wait for it to end.")
            )
        if last is not None:
            self._remove_files(last)
        self.enqueue("import", str(viewer.id))

    def _check(self, file: IO[bytes], kind: str) -> None:
        try:
            if kind != ARCHIVE:
                rows_in(file, kind)
                return
            with opened(file) as container:
                source_of(container)
        except InvalidError as error:
            message = lazy_gettext("This file can't be imported.")
            raise InvalidError(message, {"file": error.message}) from error

    def cancel(self, viewer: Viewer) -> bool:
        """Stop the viewer's import; what it has added stays. False if none waits."""
        was_waiting = self.store.cancel(viewer.id, at(self.clock()))
        self.enqueue("import", str(viewer.id))
        return was_waiting

    def report(self, viewer: Viewer) -> OpenFile:
        """Open the report of what the viewer's last import left out.

        Raises:
            NotFoundError: There is none, or no longer.
        """
        found = self.store.find(viewer.id)
        file = None
        if found is not None and found.state is TransferState.DONE:
            file = self.media.open(found.report_path)
        if file is None:
            raise NotFoundError(lazy_gettext("This report is no longer available."))
        return file

    def settle(self, user_id: UserId) -> str:
        """Import a file, or delete what is left of it; the outcome of the job.

        It may be called again at any time, also by several workers at once.
        """
        found = self.store.find(user_id)
        if found is not None and not found.is_waiting:
            return self._clear(found)
        held = take(self.store, user_id, self.clock)
        if held is None:
            return "nothing"
        if held.attempts > MOST_ATTEMPTS:
            return self._fail(held, FAILED)
        try:
            return self._work(held)
        except StoppedError:
            return "stopped"
        except InvalidError as error:
            return self._fail(held, error.message)

    def _work(self, held: Transfer) -> str:
        user = self.kwips.posts.stores.users.get_many([held.user_id]).get(held.user_id)
        file = self.media.open(held.path)
        if user is None or user.is_suspended or file is None:
            return self._fail(
                held, lazy_gettext("The file is no longer available. Upload it again.")
            )
        viewer = Viewer.without_session(user.id, user.username)
        progress = NotedProgress(self.store, held, self.clock)
        asked_in = held.details.get("language", "")
        writing = self.recipients.writing_to(user.id, asked_in)
        with file.content as content, writing:
            report = self.run(viewer, content, held.details["kind"], progress)
        self.media.save(held.report_path, _written(report))
        now = at(self.clock())
        state = TransferState.DONE.value
        counts = dict(report.counts)
        values = {"state": state, "counts": counts, "ended_at": now}
        if not self.store.end(held, values, now + ARCHIVE_LIFETIME):
            return "stopped"
        remove_file(self.media, held.path)
        log.info("import_done", user_id=str(user.id), **counts)
        return "done"

    def run(
        self,
        viewer: Viewer,
        file: IO[bytes],
        kind: str,
        progress: Progress,
        *,
        is_limited: bool = True,
    ) -> Report:
        """Import a file now; all of it is read before anything is written.

        An archive of Kwip brings people, lists, notes and followed hashtags, too. If it
        `is_limited`, follows count for the viewer's rate limit.

        Raises:
            InvalidError: It can't be imported.
        """
        if kind != ARCHIVE:
            tables = self.tables if is_limited else self.tables.unlimited
            return tables.run(viewer, rows_in(file, kind), kind, progress)
        progress.begin("reading", 0)
        with opened(file) as container:
            of_kwip = source_of(container) == "kwip"
            found = relations_in(container, self.clock()) if of_kwip else None
            report = self.kwips.run(viewer, container, kwips_of(container), progress)
        if found is not None:
            relations = self.relations if is_limited else self.relations.unlimited
            relations.run(viewer, found, report, progress)
        return report

    def _fail(self, held: Transfer, why: str) -> str:
        now, state = at(self.clock()), TransferState.FAILED.value
        self.store.end(held, {"state": state, "problem": why, "ended_at": now}, None)
        remove_file(self.media, held.path)
        log.warning("import_failed", user_id=str(held.user_id), reason=why)
        return "failed"

    def _clear(self, found: Transfer) -> str:
        is_done, ended = found.state is TransferState.DONE, found.ended_at
        if is_done and ended and ended + ARCHIVE_LIFETIME > at(self.clock()):
            remove_file(self.media, found.path)
            return "nothing"
        self._remove_files(found)
        state = TransferState.EXPIRED if is_done else found.state
        self.store.settled(found, state)
        return "cleared"

    def _remove_files(self, found: Transfer) -> None:
        remove_file(self.media, found.path)
        remove_file(self.media, found.report_path)


def _written(report: Report) -> IO[bytes]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_HEADER)
    writer.writerows(map(_cells, report.left_out))
    return io.BytesIO(text.getvalue().encode("utf-8", "replace"))


def _cells(row: Iterable[str]) -> list[str]:
    """Return a row in which no cell is a formula to a spreadsheet."""
    return [f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row]
