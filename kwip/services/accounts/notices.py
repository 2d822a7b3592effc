"""Tell users by mail what happened to their accounts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.domain.mail.mails import MailKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.accounts.two_factor import Event
    from kwip.domain.mail.mails import Mail
    from kwip.services.mail.mails import Mails
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.login_documents import Credentials


@dataclass(frozen=True, slots=True)
class Notices:
    """Write mails to the address of an account."""

    stores: Stores
    mails: Mails

    def draft(
        self, kind: MailKind, username: str, details: Mapping[str, str] | None = None
    ) -> Mail | None:
        """Make a mail to a user, yet to be stored; None without an address."""
        owner = self.stores.users.credentials_of(username)
        if owner is None:
            return None
        return self.mails.draft(kind, owner.user_id, owner.email, details)

    def about(
        self, owner: Credentials, event: Event, details: Mapping[str, str] | None = None
    ) -> Mail:
        """Make a mail about two-factor authentication, yet to be stored."""
        known = {"event": event.value, **(details or {})}
        return self.mails.draft(MailKind.TWO_FACTOR, owner.user_id, owner.email, known)

    def add(self, notice: Mail | None, session: Any) -> None:
        """Store a mail in the transaction of what it is about.

        With a new password, links that set another one no longer work.
        """
        if notice is not None:
            if notice.kind is MailKind.PASSWORD_CHANGED:
                reset = [MailKind.PASSWORD_RESET]
                self.mails.store.use_up(notice.user_id, reset, session)
            self.mails.store.add(notice, notice.created_at, session)

    def hurry(self, notice: Mail | None) -> None:
        """Have a mail sent after that transaction."""
        if notice is not None:
            self.mails.hurry(notice)
