"""Follow, unfollow, block, mute: change what two users are to each other.

The relation is written first, and the read rules apply at once. What homes store is
backfilled and purged afterwards by `home_backfill`, through a job.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.social.relationships import (
    NO_RELATIONS,
    FollowOptions,
    MuteTerms,
    Relationship,
    Unfollowed,
    relationship,
)
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup
from kwip.store.social.edges import Edge

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.cache.invalidation_rules import Keys
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relations
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.delivery.signals import Enqueue
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.reading.stores import Stores


FOR_GOOD = MuteTerms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationships:
    """Change and show the viewer's relationships.

    Each change raises `NotFoundError` if there is no such user, and `InvalidError` if
    it is the viewer.
    """

    stores: Stores
    entities: Entities
    notifier: Notifier
    fence: Fence
    enqueue: Enqueue
    clock: ClockMs

    def follow(
        self,
        viewer: Viewer,
        user_id: UserId,
        *,
        notify: bool | None = None,
        hides_reposts: bool | None = None,
    ) -> Relationship:
        """Follow a user, or ask to follow a locked one; twice only changes the options.

        They say whether the viewer is notified of each new post, and does not see
        reposts; None keeps one as it is.

        Raises:
            GoneError: The account is suspended.
            ForbiddenError: One of the two blocks the other.
        """
        require_shown(user_id, self._other(viewer, user_id))
        options = FollowOptions(notify, hides_reposts)
        edge = Edge(
            viewer.id,
            user_id,
            "merging",
            _nonce(),
            notify=bool(options.notify),
            hides_reposts=bool(options.hides_reposts),
        )
        notification = self.notifier.of_follow(viewer.id, user_id)
        is_new = self.stores.relationships.follow(edge, at(self.clock()), notification)
        if not is_new:
            self.stores.relationships.change_options(viewer.id, user_id, options)
        invalidated = invalidation_rules.follow(
            follower_id=viewer.id, followee_id=user_id
        )
        self._finish(invalidated, (viewer.id, user_id))
        self.notifier.signal_recipients(notification)
        return self.fresh(viewer, user_id)

    def change_options(
        self, viewer: Viewer, user_id: UserId, options: FollowOptions
    ) -> Relationship:
        """Change what the viewer wants of a user's posts, if they follow the user."""
        self._other(viewer, user_id)
        self.stores.relationships.change_options(viewer.id, user_id, options)
        self._finish(
            invalidation_rules.follow(follower_id=viewer.id, followee_id=user_id)
        )
        return self.fresh(viewer, user_id)

    def unfollow(self, viewer: Viewer, user_id: UserId) -> Unfollowed:
        """Unfollow a user, who leaves the viewer's lists, or withdraw a request."""
        self._other(viewer, user_id)
        left = self.stores.relationships.unfollow(viewer.id, user_id, at(self.clock()))
        invalidated = invalidation_rules.unfollow(
            follower_id=viewer.id, followee_id=user_id
        )
        self._finish(invalidated, (viewer.id, user_id))
        return Unfollowed(self.fresh(viewer, user_id), left or 0)

    def remove_follower(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Remove a follower of the viewer; they may follow again."""
        self._other(viewer, user_id)
        self.stores.relationships.unfollow(user_id, viewer.id, at(self.clock()))
        invalidated = invalidation_rules.remove_follower(
            follower_id=user_id, followee_id=viewer.id
        )
        self._finish(invalidated, (user_id, viewer.id))
        return self.fresh(viewer, user_id)

    def block(self, viewer: Viewer, user_id: UserId) -> Unfollowed:
        """Block a user: neither sees the other, and follows end both ways."""
        self._other(viewer, user_id)
        left = self.stores.relationships.block(
            viewer.id, user_id, at(self.clock()), _nonce()
        )
        invalidated = invalidation_rules.block(blocker_id=viewer.id, blocked_id=user_id)
        self._finish(invalidated, (viewer.id, user_id), (user_id, viewer.id))
        return Unfollowed(self.fresh(viewer, user_id), left)

    def unblock(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Unblock a user; follows that the block ended are not restored."""
        self._other(viewer, user_id)
        self.stores.relationships.unblock(viewer.id, user_id)
        self._finish(
            invalidation_rules.unblock(blocker_id=viewer.id, blocked_id=user_id)
        )
        return self.fresh(viewer, user_id)

    def mute(
        self, viewer: Viewer, user_id: UserId, terms: MuteTerms = FOR_GOOD
    ) -> Relationship:
        """Hide a user from the viewer's timelines, without their notice.

        The sweeper ends a mute whose time is over, within some seconds.
        """
        self._other(viewer, user_id)
        ends_ms = self.clock() + terms.duration_s * 1_000
        self.stores.mutes.mute(
            viewer.id,
            user_id,
            expires_at=at(ends_ms) if terms.duration_s else None,
            hides_notifications=terms.hides_notifications,
        )
        self._finish(invalidation_rules.mute(muter_id=viewer.id))
        return self.fresh(viewer, user_id)

    def unmute(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Unmute a user."""
        self._other(viewer, user_id)
        self.stores.mutes.unmute(viewer.id, user_id)
        self._finish(invalidation_rules.unmute(muter_id=viewer.id))
        return self.fresh(viewer, user_id)

    def end_mute(self, user_id: UserId, other_id: UserId) -> None:
        """End a mute whose time is over: the job of the sweeper; safe to repeat."""
        self.stores.mutes.end_expired(user_id, other_id, at(self.clock()))
        self._finish(invalidation_rules.unmute(muter_id=user_id))

    def between(
        self, viewer: Viewer, loader: Loader, ids: Sequence[UserId]
    ) -> list[Relationship]:
        """Show the relationship between the viewer and each of some users.

        Whether a user follows the viewer comes from that user's own relations.
        """
        wanted = [viewer.id, *ids]
        all_of, users = loader.load(
            Lookup(self.entities.relations, wanted),
            Lookup(self.entities.users, [viewer.id]),
        )
        mine, me = all_of.get(viewer.id, NO_RELATIONS), users.get(viewer.id)
        found = [
            relationship(viewer.id, mine, user_id, all_of.get(user_id, NO_RELATIONS))
            for user_id in ids
        ]
        found = [_with_endorsement(each, me) for each in found]
        if not mine.noted.isdisjoint(ids):
            loader.bypass()  # notes are not cached
        return self._with_notes(viewer, mine, found)

    def _other(self, viewer: Viewer, user_id: UserId) -> User:
        """Find the other user."""
        if user_id == viewer.id:
            raise InvalidError(
                lazy_gettext("This is your own account."),
                {"id": lazy_gettext("Choose someone else.")},
            )
        other = self.stores.users.get_many([user_id]).get(user_id)
        if other is None:
            raise NotFoundError(lazy_gettext("User not found."), user_id=user_id)
        return other

    def _finish(self, invalidated: Keys, *edges: tuple[UserId, UserId]) -> None:
        """Invalidate, and let the homes of changed follows be backfilled or purged."""
        self.fence.invalidate(invalidated)
        for follower_id, followee_id in edges:
            self.enqueue("edge", f"{follower_id}:{followee_id}")

    def fresh(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Show the relationship as MongoDB has it now."""
        both = self.stores.relationships.relations([viewer.id, user_id])
        mine = both[viewer.id]
        found = relationship(viewer.id, mine, user_id, both[user_id])
        if found.is_following:  # else nobody is featured
            me = self.stores.users.get_many([viewer.id]).get(viewer.id)
            found = _with_endorsement(found, me)
        return self._with_notes(viewer, mine, [found])[0]

    def _with_notes(
        self, viewer: Viewer, mine: Relations, found: list[Relationship]
    ) -> list[Relationship]:
        """Add the viewer's notes; one query if there are any."""
        about = mine.noted.intersection(each.id for each in found)
        if not about:
            return found
        notes = self.stores.notes.by_user(viewer.id, about)
        return [replace(each, note=notes.get(each.id, "")) for each in found]


def _with_endorsement(tie: Relationship, me: User | None) -> Relationship:
    """Say whether the viewer features somebody: only as long as they follow them."""
    is_featured = me is not None and tie.is_following and tie.id in me.endorsed_ids
    return replace(tie, is_endorsed=True) if is_featured else tie


def _nonce() -> str:
    return secrets.token_hex(8)
