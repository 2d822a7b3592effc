"""Silence and suspend people without a report, and end that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.moderation.strikes import Act, StrikeState
from kwip.services.moderation.execution import MOST_STRIKES

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.moderation.strikes import Decision
    from kwip.services.accounts.staff.moderation import Moderation
    from kwip.services.moderation.decisions import Decisions
    from kwip.services.moderation.execution import Execution
    from kwip.store.moderation.strikes import StrikeStore


@dataclass(frozen=True, slots=True)
class Limits:
    """Silence and suspend people; each is told, and can appeal."""

    store: StrikeStore
    decisions: Decisions
    execution: Execution
    moderation: Moderation

    def limit(
        self, staff: Viewer, order: Order, user_id: UserId, decision: Decision
    ) -> None:
        """Silence or suspend a person; twice tells them once.

        Raises:
            InvalidError: The text or the reason cannot be used.
            NotFoundError: There is no such user.
            ForbiddenError: The moderator doesn't outrank the person.
            ConflictError: It is the only owner.
        """
        self.moderation.audit_log.require_reason(order)
        if decision.act is Act.SUSPEND:
            self.moderation.roles.require_other_owner(user_id)
        for strike in self.store.of_user(user_id, MOST_STRIKES):
            if strike.act is decision.act and strike.state is StrikeState.DONE:
                user = self.decisions.target(order, user_id)
                self.execution.repeat(strike, user, order)
                return
        self.decisions.act_on(staff, order, user_id, decision)

    def lift(self, staff: Viewer, order: Order, user_id: UserId, act: Act) -> None:
        """End a silence or a suspension, and undo the strikes that say so.

        Raises:
            NotFoundError: There is no such user.
            ForbiddenError: The moderator doesn't outrank the person.
        """
        self.decisions.target(order, user_id)
        for strike in self.store.of_user(user_id, MOST_STRIKES):
            if strike.act is act and strike.state is StrikeState.DONE:
                self.decisions.undo(staff, order, strike.id)
        user = self.decisions.target(order, user_id)
        if act is Act.SUSPEND and user.is_suspended:
            self.moderation.unsuspend(user_id, order)
        elif act is Act.SILENCE and user.is_silenced:
            self.moderation.unsilence(user_id, order)
