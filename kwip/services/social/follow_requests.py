"""Requests to follow a locked account: who asks, and what the account answers.

`Relationships.follow` makes a request, and `Relationships.unfollow` withdraws it. If an
account is unlocked, its requests stay until they are answered; a user who asks again
follows at once.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.store.social.edges import Edge

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relationship
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.reading.stores import Stores
    from kwip.services.social.relationships import Relationships

#: How many are ended at a time when an account is suspended or deleted.
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRequests:
    """Answer requests, and end those of accounts that are suspended or deleted."""

    stores: Stores
    relationships: Relationships
    fence: Fence
    enqueue: Enqueue
    clock: ClockMs

    def accept(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Let a user follow the viewer; twice changes nothing.

        Raises:
            NotFoundError: The user neither asks to follow the viewer nor follows them.
        """
        edge = Edge(user_id, viewer.id, "merging", secrets.token_hex(8))
        is_new = self.stores.follow_requests.accept(edge, at(self.clock()))
        return self._answered(viewer, user_id, is_done=is_new)

    def reject(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Refuse a request to follow the viewer; the user may ask again.

        Raises:
            NotFoundError: There is no such request.
        """
        now = at(self.clock())
        is_ended = self.stores.follow_requests.end(user_id, viewer.id, now)
        found = self._answered(viewer, user_id, is_done=is_ended)
        if not is_ended:
            raise _no_request(user_id)
        return found

    def end_all(self, user_id: UserId) -> int:
        """End all requests by and to a user; count them."""
        count = 0
        while pairs := self.stores.follow_requests.pending(user_id, _BATCH):
            for follower_id, followee_id in pairs:
                now = at(self.clock())
                self.stores.follow_requests.end(follower_id, followee_id, now)
                self.fence.invalidate(
                    invalidation_rules.unfollow(
                        follower_id=follower_id, followee_id=followee_id
                    )
                )
            count += len(pairs)
        return count

    def _answered(
        self, viewer: Viewer, user_id: UserId, *, is_done: bool
    ) -> Relationship:
        """Invalidate, have the home changed, and show the relationship."""
        self.fence.invalidate(
            invalidation_rules.answer_request(
                follower_id=user_id, followee_id=viewer.id
            )
        )
        if is_done:
            self.enqueue("edge", f"{user_id}:{viewer.id}")
        found = self.relationships.fresh(viewer, user_id)
        if not (is_done or found.is_followed_by):
            raise _no_request(user_id)
        return found


def _no_request(user_id: UserId) -> NotFoundError:
    return NotFoundError(
        lazy_gettext("This request was withdrawn or answered already."), user_id=user_id
    )
