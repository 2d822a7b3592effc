"""Closed accounts whose time is over: a reminder, and then the deletion."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError
from kwip.domain.mail.mails import MailKind
from kwip.services.maintenance.progress import NoProgress

if TYPE_CHECKING:
    from kwip.domain.accounts.closures import Closure
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.accounts.notices import Notices
    from kwip.services.maintenance.deletion import Deletion
    from kwip.store.accounts.closures import ClosureStore

log = structlog.get_logger()

#: Longer than a deletion takes; another worker goes on after it.
LEASE = timedelta(hours=2)
_PAUSE_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureEnds:
    """Remind the owners of closed accounts, and later delete the accounts."""

    store: ClosureStore
    deletion: Deletion
    notices: Notices
    clock: ClockMs

    def settle(self, user_id: UserId) -> str:
        """Do what is due with a closed account; the outcome of the job.

        It may be called again at any time, also by several workers at once.
        """
        found, now = self.store.find(user_id), at(self.clock())
        if found is None:
            return "nothing"
        if self.store.begin_deletion(user_id, now, now + LEASE):
            return self._delete(user_id)
        return "reminded" if self._remind(found) else "nothing"

    def _delete(self, user_id: UserId) -> str:
        try:
            self.deletion.run(user_id, NoProgress(), throttle_s=_PAUSE_S)
        except NotFoundError:  # an operator was faster
            log.info("closed_account_gone", user_id=str(user_id))
        self.store.remove(user_id)
        return "deleted"

    def _remind(self, closure: Closure) -> bool:
        users = self.deletion.stores.users
        user = users.get_many([closure.user_id]).get(closure.user_id)
        if user is None:
            return False
        kind, when = MailKind.CLOSURE_REMINDER, closure.delete_at.isoformat()
        notice = self.notices.draft(kind, user.username, {"delete_at": when})
        is_new = self.store.remind(
            closure, at(self.clock()), lambda session: self.notices.add(notice, session)
        )
        if is_new:
            self.notices.hurry(notice)
        return is_new
