"""What operators can do for people who can no longer log in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.two_factor import Event, TwoFactor
from kwip.domain.errors import ConflictError, NotFoundError
from kwip.domain.mail.mails import LINK_LIFETIMES, MailKind
from kwip.domain.messages import lazy_gettext

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.ids import UserId
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.accounts.two_factor.two_factor import TwoFactorSettings
    from kwip.services.mail.mails import Mails
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.login_documents import Credentials


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecovery:
    """Turn off a second step, and make links to reset a password.

    Each act is recorded in the audit log.
    """

    stores: Stores
    audit_log: AuditLog
    two_factor: TwoFactorSettings
    mails: Mails

    def reset_two_factor(self, user_id: UserId, order: Order) -> bool:
        """Turn two-factor authentication off, and notify the owner by mail.

        Sessions stay: each began with all factors. Returns whether it was on.

        Raises:
            NotFoundError: There is no such user, or one who never had a password.
            ForbiddenError: Whoever acts does not outrank the user.
        """
        owner = self._owner(user_id, order)
        if not self.two_factor.second_factor.store.find(user_id).is_on:
            return False
        entry = self.audit_log.entry_about(
            order, Action.RESET_TWO_FACTOR, user_id, owner.username
        )

        def reset(known: TwoFactor) -> tuple[TwoFactor, bool]:
            if not known.is_on:
                raise ConflictError(lazy_gettext("Two-factor authentication is off."))
            return TwoFactor(), True

        return self.two_factor.change(owner, reset, Event.RESET, also=entry)

    def password_link(self, user_id: UserId, order: Order) -> tuple[str, dt.datetime]:
        """Return a link that sets a new password once, and when it expires.

        It does what the link in a mail does: two-factor authentication stays on.

        Raises:
            NotFoundError: There is no such user, or one who never had a password.
            ConflictError: The account is suspended.
            ForbiddenError: Whoever acts does not outrank the user.
        """
        owner = self._owner(user_id, order)
        if owner.is_suspended:
            raise ConflictError(
                lazy_gettext("This account is suspended. Lift the suspension first."),
                user_id=user_id,
            )
        self.audit_log.record_about(
            order, Action.PASSWORD_LINK, user_id, owner.username
        )
        kind = MailKind.PASSWORD_RESET
        mail = self.mails.draft(kind, user_id, owner.email)
        self.mails.store.add_handed_over(mail)
        address = f"/password/reset?link={self.mails.link_of(mail)}"
        return self.mails.site.page(address), mail.created_at + LINK_LIFETIMES[kind]

    def _owner(self, user_id: UserId, order: Order) -> Credentials:
        user = self.stores.users.get_many([user_id]).get(user_id)
        owner = self.stores.users.credentials_of(user.username) if user else None
        if user:
            order.require_outranks(user.role)
        if owner is None:
            raise NotFoundError(
                lazy_gettext("This account has no password."), user_id=user_id
            )
        return owner
