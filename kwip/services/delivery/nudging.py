"""Nudge somebody: note that it was done, and notify them, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.clock import at
from kwip.domain.errors import RateLimitedError
from kwip.domain.social.nudges import A_DAY, LIMITS, Nudge
from kwip.domain.timelines.notifications import NotificationKind

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post
    from kwip.domain.social.nudges import NudgeKind
    from kwip.services.delivery.notifier import Notifier
    from kwip.store.social.nudges import NudgeStore


@dataclass(frozen=True, slots=True)
class Nudging:
    """Nudge people, only so often; who may do so is for the callers to check."""

    store: NudgeStore
    notifier: Notifier
    clock: ClockMs

    def nudge(
        self,
        actor_id: UserId,
        user_id: UserId,
        kind: NudgeKind,
        post: Post | None = None,
    ) -> bool:
        """Notify a user; False if this actor has nudged them so a short time ago.

        An invitation is to the conversation of a `post`.

        Raises:
            RateLimitedError: The actor has nudged too many people today.
        """
        now, limits = at(self.clock()), LIMITS[kind]
        if self.store.count(actor_id, kind, now - A_DAY) >= limits.a_day:
            raise RateLimitedError(limits.says, retry_after_s=A_DAY.total_seconds())
        nudge = Nudge(
            kind=kind,
            actor_id=actor_id,
            recipient_id=user_id,
            root_id=post.root_id if post else 0,
            at=now,
            expires_at=now + limits.again_after,
        )
        notification = self.notifier.of_nudge(
            actor_id, user_id, NotificationKind(kind.value), post
        )
        if not self.store.add(nudge, notification):
            return False
        self.notifier.show(notification)
        return True
