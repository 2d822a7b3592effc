"""The audit log: what operators and staff did, and why.

An entry is stored in the transaction of its act: so nothing is done without an entry,
and there is none of an act that was refused, or for which somebody else was quicker. An
act that is more than one transaction, or none, has its entry stored before it begins,
after everything that can be wrong was checked. If it is interrupted, its entry remains,
and repeating it adds another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import REASON_MAX, AuditEntry
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.text.profiles import clean_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from kwip.domain.accounts.audit_log import Action, AuditQuery, Details, Order
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.store.accounts.audit_log import AuditLogStore


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Record acts, and list them."""

    store: AuditLogStore
    ids: IdGenerator
    clock: ClockMs

    def record(
        self, order: Order, action: Action, subject: str, details: Details
    ) -> None:
        """Store the entry of an act that is about to begin.

        Takes what `entry` takes.

        Raises:
            InvalidError: The reason cannot be used.
            StoreUnavailableError: The entry may not be stored. Do not act.
        """
        self.entry(order, action, subject, details)(None)

    def entry(
        self, order: Order, action: Action, subject: str, details: Details
    ) -> Callable[[Any], None]:
        """Return what stores the entry of an act in the transaction of the act.

        Args:
            order: Who acts, and why.
            action: What they do.
            subject: `@` and a username, a domain, an emoji between colons, `media`,
                `site`, an invitation, an announcement, a hashtag, a link, or `waiting
                list`.
            details: What else there is to know. Never a secret.

        Raises:
            InvalidError: The reason cannot be used.
        """
        reason = self.require_reason(order)
        entry = AuditEntry(
            id=self.ids.next_id(self.ids.random_slot()),
            at=at(self.clock()),
            actor=order.actor,
            action=action,
            subject=subject,
            reason=reason,
            details=details,
        )
        return lambda session: self.store.append(entry, session)

    def record_about(
        self,
        order: Order,
        action: Action,
        user_id: UserId,
        username: str,
        **details: str | bool,
    ) -> None:
        """Store the entry of an act about a user, as `record` does.

        Raises:
            InvalidError: The reason cannot be used.
            StoreUnavailableError: The entry may not be stored. Do not act.
        """
        self.entry_about(order, action, user_id, username, **details)(None)

    def entry_about(
        self,
        order: Order,
        action: Action,
        user_id: UserId,
        username: str,
        **details: str | bool,
    ) -> Callable[[Any], None]:
        """Return what stores the entry of an act about a user, as `entry` does.

        Raises:
            InvalidError: The reason cannot be used.
        """
        known = {"user_id": str(user_id), **details}
        return self.entry(order, action, f"@{username}", known)

    def require_reason(self, order: Order) -> str:
        """Return the reason of an order as it is stored.

        Raises:
            InvalidError: It cannot be used.
        """
        wrong: dict[str, str] = {}
        reason = clean_line("reason", order.reason, REASON_MAX, wrong)
        if wrong:
            raise InvalidError(lazy_gettext("That reason can't be used."), wrong)
        return reason

    def page(self, asked: AuditQuery) -> list[AuditEntry]:
        """Return entries, the newest first: one query."""
        return self.store.page(asked)
