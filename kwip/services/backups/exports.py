"""Archives that users ask for: made by a worker, kept for a week.

The request is the job's durable source. A worker that dies loses its lease, and another
one makes the archive from the beginning: nothing of it is stored before it is complete.
"""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from kwip.domain.accounts.transfers import (
    ARCHIVE_LIFETIME,
    ARCHIVE_PAUSE,
    Transfer,
    TransferState,
)
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, NotFoundError
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext
from kwip.services.backups.transferring import (
    FAILED,
    MOST_ATTEMPTS,
    NotedProgress,
    StoppedError,
    remove_file,
    take,
)
from kwip.services.backups.user_export import KWIPS
from kwip.text.translation import language

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.media.media import OpenFile
    from kwip.services.accounts.notices import Notices
    from kwip.services.backups.user_export import UserExport
    from kwip.services.delivery.signals import Enqueue
    from kwip.store.accounts.transfers import TransferStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """Take requests for archives, make them, and delete them after a week."""

    store: TransferStore
    writer: UserExport
    notices: Notices
    enqueue: Enqueue
    clock: ClockMs

    def find(self, viewer: Viewer) -> Transfer | None:
        """Find the viewer's newest archive; one query."""
        return self.store.find(viewer.id)

    def next_at(self, found: Transfer | None) -> dt.datetime | None:
        """Return when its owner may ask for the next archive; None for now."""
        fruitless = {TransferState.FAILED, TransferState.CANCELLED}
        if found is None or found.state in fruitless:
            return None
        then = found.requested_at + ARCHIVE_PAUSE
        return then if found.is_waiting or then > at(self.clock()) else None

    def request(self, viewer: Viewer) -> None:
        """Ask for an archive of all of the viewer's data.

        Raises:
            ConflictError: One is being made, or was less than a week ago.
        """
        now = at(self.clock())
        last = self.store.find(viewer.id)
        if self.next_at(last) is None:
            if last is not None:
                remove_file(self.writer.media, last.path)
            new = Transfer(
                user_id=viewer.id,
                file=secrets.token_hex(16),
                requested_at=now,
                details={"language": language()},
            )
            if self.store.request(new, before=now - ARCHIVE_PAUSE):
                self.enqueue("export", str(viewer.id))
                return
        raise ConflictError(lazy_gettext("You can ask for one archive in 7 days."))

    def open(self, viewer: Viewer) -> OpenFile:
        """Open the viewer's archive.

        Raises:
            NotFoundError: There is none, or no longer.
        """
        found = self.store.find(viewer.id)
        file = None
        if found and found.state is TransferState.DONE and not self._is_over(found):
            file = self.writer.media.open(found.path)
        if file is None:
            raise NotFoundError(
                lazy_gettext("This archive has expired. Ask for a new one.")
            )
        return file

    def settle(self, user_id: UserId) -> str:
        """Make an archive, or delete one that has expired; the outcome of the job.

        It may be called again at any time, also by several workers at once.
        """
        found = self.store.find(user_id)
        if found is not None and not found.is_waiting:
            return self._clear(found)
        held = take(self.store, user_id, self.clock)
        if held is None:
            return "nothing"
        if held.attempts > MOST_ATTEMPTS:
            return self._fail(held)
        try:
            return self._make(held)
        except StoppedError:
            return "taken_over"
        except NotFoundError:  # the user is deleted
            self.store.remove(user_id)
            return "nothing"

    def _make(self, held: Transfer) -> str:
        media, progress = self.writer.media, self._progress(held)
        user = self.writer.stores.users.get_many([held.user_id]).get(held.user_id)
        name = user.username if user else ""
        with tempfile.TemporaryDirectory(prefix="kwip-export-") as folder:
            path = Path(folder) / "archive.zip"
            asked_in = held.details.get("language", "")
            with self.notices.mails.recipients.writing_to(held.user_id, asked_in):
                manifest = self.writer.create(name, path, progress)
            progress.begin("storing", 0)
            size = path.stat().st_size
            with path.open("rb") as content:
                media.save(held.path, content)
        now = at(self.clock())
        notice = self.notices.draft(MailKind.EXPORT_READY, name)
        values = {
            "state": TransferState.DONE.value,
            "size_bytes": size,
            "counts": {"kwips": manifest.members[KWIPS].count},
            "ended_at": now,
        }
        until = now + ARCHIVE_LIFETIME
        if not self.store.end(
            held, values, until, lambda session: self.notices.add(notice, session)
        ):
            # Another worker stores a file of the same name, or the request is gone.
            self._forget_unwanted(held)
            return "taken_over"
        self.notices.hurry(notice)
        log.info("export_made", user_id=str(held.user_id), bytes=size)
        return "done"

    def _progress(self, held: Transfer) -> NotedProgress:
        return NotedProgress(self.store, held, self.clock)

    def _forget_unwanted(self, held: Transfer) -> None:
        found = self.store.find(held.user_id)
        if found is None or found.file != held.file:
            remove_file(self.writer.media, held.path)

    def _fail(self, held: Transfer) -> str:
        state = TransferState.FAILED
        values = {"state": state.value, "problem": FAILED, "ended_at": at(self.clock())}
        self.store.end(held, values, None)
        log.error("export_given_up", user_id=str(held.user_id), attempts=held.attempts)
        return "dead"

    def _is_over(self, found: Transfer) -> bool:
        ended = found.ended_at
        return ended is not None and ended + ARCHIVE_LIFETIME <= at(self.clock())

    def _clear(self, found: Transfer) -> str:
        if found.state is not TransferState.DONE or not self._is_over(found):
            return "nothing"
        remove_file(self.writer.media, found.path)
        self.store.settled(found, TransferState.EXPIRED)
        return "expired"
