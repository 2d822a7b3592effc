"""The waiting list of a closed site: addresses, confirmed by mail, invited by staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.domain.accounts.audit_log import Action
from kwip.domain.accounts.joining import INVITED, UNCONFIRMED, WAITS
from kwip.domain.accounts.site import SignUpMode
from kwip.domain.clock import at
from kwip.domain.errors import ForbiddenError, NotFoundError
from kwip.domain.ids import NOBODY
from kwip.domain.mail.mails import Mail, MailKind
from kwip.domain.messages import lazy_gettext
from kwip.services.mail.mails import GONE
from kwip.text.emails import clean_email, read_email
from kwip.text.translation import language

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.joining import Waiting
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.services.accounts.joining.invitations import Invitations
    from kwip.services.accounts.joining.site import Site
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.accounts.staff.email_domains import EmailDomains
    from kwip.services.mail.mails import Mails
    from kwip.store.accounts.wait_list import WaitListStore

#: How many a list shows.
SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitList:
    """Take addresses, confirm and delete them, and invite people from the list."""

    store: WaitListStore
    invitations: Invitations
    email_domains: EmailDomains
    site: Site
    mails: Mails
    audit_log: AuditLog
    clock: ClockMs

    def join(self, text: str) -> None:
        """Send a link to an address; the same whether it is on the list already.

        Raises:
            ForbiddenError: There is no waiting list now.
            InvalidError: It is no address, or its domain is blocked.
        """
        if self.site.current().sign_up is not SignUpMode.CLOSED:
            raise ForbiddenError(
                lazy_gettext("There is no waiting list now."), rule="waiting_list"
            )
        email = clean_email(text)
        self.email_domains.require_allowed(email)
        now = at(self.clock())
        self.store.add(email, now, now + UNCONFIRMED, language())
        draft = self.mails.draft
        self.mails.post(
            draft(
                MailKind.WAITING_LIST,
                NOBODY,
                email.address,
                {"language": language()},
            )
        )

    def pending(self, link: str) -> Mail:
        """Return the mail of a link that still works.

        Raises:
            NotFoundError: It does not, or the address was deleted.
        """
        mail = self.mails.opened(MailKind.WAITING_LIST, link)
        if not self.store.has(read_email(mail.address)):
            raise NotFoundError(GONE)
        return mail

    def confirm(self, link: str) -> None:
        """Put the address that a link was sent to on the list.

        Raises:
            NotFoundError: The link no longer works.
            ForbiddenError: The address was blocked meanwhile.
        """
        now, email = at(self.clock()), read_email(self.pending(link).address)
        self.email_domains.require_still_allowed(email.address)
        if not self.store.confirm(email, now, now + WAITS):
            raise NotFoundError(GONE)

    def leave(self, link: str) -> None:
        """Delete the address that a link was sent to.

        Raises:
            NotFoundError: The link no longer works.
        """
        self.store.remove(read_email(self.pending(link).address))

    def waiting(self) -> list[Waiting]:
        """Return confirmed addresses, those that have waited longest first."""
        return self.store.oldest(SHOWN)

    def invite(self, key: str, order: Order, creator_id: UserId = NOBODY) -> str:
        """Send an invitation to an address, and delete it from the list; return it.

        Raises:
            NotFoundError: The address is not on the list any more.
            ConflictError: It was blocked meanwhile.
        """
        entry = self.audit_log.entry(order, Action.INVITE_WAITING, "waiting list", {})
        made = self.invitations.draft(creator_id, 1, INVITED.days, is_staff=True)
        posted: list[Mail] = []

        def also(waiting: Waiting, session: Any) -> None:
            self.email_domains.require_unblocked(waiting.email)
            details = {"code": made.code, "language": waiting.language}
            mail = self.mails.draft(MailKind.INVITATION, NOBODY, waiting.email, details)
            entry(session)
            self.invitations.store.add(made, session)
            self.mails.store.add(mail, mail.created_at, session)
            posted[:] = [mail]

        waiting = self.store.take(key, also)
        if waiting is None:
            raise NotFoundError(
                lazy_gettext("This address is not on the waiting list any more.")
            )
        self.mails.hurry(posted[0])
        return waiting.email
