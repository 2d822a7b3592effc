"""Let people close their accounts, and come back by logging in.

A closed account is suspended, so it is hidden everywhere at once. Its closure says when
it will be deleted, which `kwip.services.maintenance.closure_ends` does then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip import telemetry
from kwip.cache import invalidation_rules
from kwip.domain.accounts.audit_log import Action, Actor, Order
from kwip.domain.accounts.closures import GRACE, Closure
from kwip.domain.clock import at
from kwip.domain.errors import NotAuthenticatedError
from kwip.domain.mail.mails import MailKind
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from typing import Any

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.services.accounts.notices import Notices
    from kwip.services.accounts.staff.moderation import Moderation
    from kwip.store.accounts.login_documents import Credentials


@dataclass(frozen=True, slots=True)
class Closures:
    """Close and reopen accounts."""

    moderation: Moderation
    notices: Notices

    def close(self, viewer: Viewer) -> dt.datetime:
        """Hide the viewer's account, and return when it will be deleted.

        Raises:
            ConflictError: The viewer is the only owner of the site.
            StoreUnavailableError: Some files may still be readable.
        """
        moderation = self.moderation
        now = at(moderation.clock())
        closure = Closure(user_id=viewer.id, closed_at=now, delete_at=now + GRACE)
        entry = self._entry(Action.CLOSE_ACCOUNT, viewer.id, viewer.username)
        details = {"delete_at": closure.delete_at.isoformat()}
        notice = self.notices.draft(MailKind.ACCOUNT_CLOSED, viewer.username, details)

        def close(session: Any) -> bool:
            moderation.stores.closures.add(closure, session)
            self.notices.add(notice, session)
            return True

        moderation.roles.suspend(viewer.id, entry, close)
        moderation.hide(viewer.id)
        moderation.sign_out_everywhere(viewer.id, ends_tokens=True)
        self.notices.hurry(notice)
        telemetry.AUTH_EVENTS.labels("account_closed").inc()
        return closure.delete_at

    def locks_out(self, owner: Credentials) -> bool:
        """Return whether an account is suspended, and its owner can't reopen it."""
        return self.moderation.stores.closures.locks_out(
            owner.user_id, is_suspended=owner.is_suspended
        )

    def reopen(self, user_id: UserId, username: str) -> None:
        """Show a closed account again; its owner has just proved who they are.

        Nothing happens to accounts that are not closed.

        Raises:
            NotAuthenticatedError: It is being deleted, or suspended by staff.
        """
        moderation = self.moderation
        closures = moderation.stores.closures
        known = closures.find(user_id)
        if known is None:
            return
        entry = self._entry(Action.REOPEN_ACCOUNT, user_id, username)
        if not known.is_suspended_too:
            moderation.withholding.restore(user_id)
        found = closures.take_back(user_id, entry)
        moderation.fence.invalidate(invalidation_rules.unsuspend(user_id=user_id))
        if found is None:
            raise NotAuthenticatedError(lazy_gettext("This account is being deleted."))
        if found.is_suspended_too:
            moderation.withholding.withhold(user_id)
            raise NotAuthenticatedError(lazy_gettext("This account is suspended."))
        telemetry.AUTH_EVENTS.labels("account_reopened").inc()

    def _entry(
        self, action: Action, user_id: UserId, username: str
    ) -> Callable[[Any], None]:
        order = Order(Actor("user", username))
        log = self.moderation.audit_log
        return log.entry_about(order, action, user_id, username)
