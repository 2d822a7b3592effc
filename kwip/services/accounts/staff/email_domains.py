"""Keep people from signing up with some e-mail addresses, or those of some domains.

It concerns new accounts and new addresses only: an account that exists keeps its
address and works. What is yet to be confirmed is new.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action
from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.messages import lazy_gettext
from kwip.text.emails import blocked_by, clean_blocked, read_email

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import BlockedDomain, Email
    from kwip.domain.clock import ClockMs
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.store.accounts.email_domains import EmailDomainStore


@dataclass(frozen=True, slots=True)
class EmailDomains:
    """Block addresses, and domains with all their subdomains; check addresses."""

    store: EmailDomainStore
    audit_log: AuditLog
    clock: ClockMs

    def block(self, text: str, order: Order) -> str:
        """Block a domain, or an address; return it as it is stored, in ASCII.

        Raises:
            InvalidError: It is no address, nor the domain of one, or the reason cannot
                be used.
            ConflictError: It is blocked already.
        """
        domain = clean_blocked(text)
        entry = self.audit_log.entry(order, Action.BLOCK_DOMAIN, domain, {})
        if not self.store.block(domain, at(self.clock()), entry):
            raise ConflictError(
                lazy_gettext("%(domain)s is blocked already.", domain=domain)
            )
        return domain

    def unblock(self, text: str, order: Order) -> str:
        """Allow a domain or an address again; return it as it was stored.

        Raises:
            InvalidError: It is no address, nor the domain of one, or the reason cannot
                be used.
            NotFoundError: It is not blocked itself.
        """
        domain = clean_blocked(text)
        entry = self.audit_log.entry(order, Action.UNBLOCK_DOMAIN, domain, {})
        if not self.store.unblock(domain, entry):
            raise NotFoundError(
                lazy_gettext("%(domain)s is not blocked.", domain=domain)
            )
        return domain

    def listed(self) -> list[BlockedDomain]:
        """Return all blocked domains and addresses by name."""
        return self.store.listed()

    def require_allowed(self, email: Email) -> None:
        """Check that nothing blocks an address; one query.

        Raises:
            InvalidError: It is blocked, or its domain, or one above that.
        """
        if says := self._refusal(email):
            raise InvalidError(
                lazy_gettext("This account can't be created."), {"email": says}
            )

    def require_still_allowed(self, address: str) -> None:
        """Check that nothing blocks the address to which a link was sent; one query.

        It may be blocked since then.

        Raises:
            ForbiddenError: It is blocked, or its domain, or one above that.
        """
        if says := self._refusal(read_email(address)):
            raise ForbiddenError(says, rule="blocked_email")

    def require_unblocked(self, address: str) -> None:
        """Check for staff that nothing blocks the address of somebody; one query.

        Raises:
            ConflictError: It is blocked; names what is.
        """
        blocked = self.store.find_any(blocked_by(read_email(address)))
        if blocked is not None:
            raise ConflictError(
                lazy_gettext("%(name)s is blocked. Unblock it first.", name=blocked)
            )

    def _refusal(self, email: Email) -> str:
        """Say why an address can't be used; "" if it can."""
        blocked = self.store.find_any(blocked_by(email))
        if blocked is None:
            return ""
        if "@" in blocked:
            return lazy_gettext("That email address can't be used.")
        return lazy_gettext(
            "Addresses of this provider can't be used. Use another one."
        )
