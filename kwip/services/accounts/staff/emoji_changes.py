"""Change the site's custom emoji, as somebody has ordered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.accounts.audit_log import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from kwip.domain.accounts.audit_log import Order
    from kwip.services.accounts.staff.audit_log import AuditLog
    from kwip.services.media.emojis import Emojis, NewEmoji


@dataclass(frozen=True, slots=True)
class EmojiChanges:
    """Add and remove emoji; the audit log records each in its transaction."""

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
        entries = self._entries(
            order, Action.ADD_EMOJI, [each.shortcode for each in new]
        )
        self.emojis.add(new, category=category, replaces=replaces, also=entries)

    def remove(self, codes: Sequence[str], order: Order) -> None:
        """Remove emoji and their files, all or none.

        Raises:
            InvalidError: The reason cannot be used.
            NotFoundError: There is no such emoji.
            ConflictError: Someone else changed the emoji meanwhile.
            StoreUnavailableError: The database or the folder cannot be reached.
        """
        self.emojis.remove(codes, self._entries(order, Action.REMOVE_EMOJI, codes))

    def _entries(
        self, order: Order, action: Action, codes: Sequence[str]
    ) -> Callable[[Any], None]:
        made = [self.audit_log.entry(order, action, f":{code}:", {}) for code in codes]

        def store(session: Any) -> None:
            for entry in made:
                entry(session)

        return store
