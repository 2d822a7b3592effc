"""Change the site's custom emoji, as somebody has ordered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.audit_log import Order
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.media.emojis import Emojis, NewEmoji


@dataclass(frozen=True, slots=True)
class EmojiChanges:
    """Add and remove emoji; the audit log records each act before it begins."""

    emojis: Emojis
    audit_log: AuditLog

    def add(
        self,
        new: Sequence[NewEmoji],
        order: Order,
        *,
        category: str = "",
        replaces: bool = False,
    ) -> None:
        """Add emoji, all or none.

        Raises:
            InvalidError: The reason or something else cannot be used.
            ConflictError: Someone else changed the emoji meanwhile.
            StorageFullError: The disk is full.
            StoreUnavailableError: The database or the folder cannot be reached.
        """
        self._record(order, Action.ADD_EMOJI, [each.shortcode for each in new])
        self.emojis.add(new, category=category, replaces=replaces)

    def remove(self, codes: Sequence[str], order: Order) -> None:
        """Remove emoji and their files, all or none.

        Raises:
            InvalidError: The reason cannot be used.
            NotFoundError: There is no such emoji.
            ConflictError: Someone else changed the emoji meanwhile.
            StoreUnavailableError: The database or the folder cannot be reached.
        """
        self._record(order, Action.REMOVE_EMOJI, codes)
        self.emojis.remove(codes)

    def _record(self, order: Order, action: Action, codes: Sequence[str]) -> None:
        for code in codes:
            self.audit_log.record(order, action, f":{code}:", {})
