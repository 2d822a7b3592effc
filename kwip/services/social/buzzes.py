"""Buzz somebody who has been silent: they are told that somebody misses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import ConflictError, InvalidError
from kwip.domain.ids import MAX_ID, first_id_at
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Visibility
from kwip.domain.social.nudges import BUZZ_AFTER, NudgeKind
from kwip.domain.timelines.visibility import require_shown

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relationship
    from kwip.services.delivery.nudging import Nudging
    from kwip.services.reading.stores import Stores
    from kwip.services.social.relationships import Relationships

#: Newest kwips that are looked at: direct ones say nothing about silence.
_LOOKED_AT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Buzzes:
    """Buzz people."""

    stores: Stores
    relationships: Relationships
    nudging: Nudging
    clock: ClockMs

    def buzz(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Notify a user that the viewer misses them, once a week.

        Somebody who has muted the viewer gets no notification, and the viewer does not
        learn that.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
            InvalidError: The viewer does not follow them, or they don't want it.
            ConflictError: They have posted lately, or the viewer has just done this.
            RateLimitedError: The viewer has buzzed too many people today.
        """
        found = self.stores.users.get_many([user_id]).get(user_id)
        user = require_shown(user_id, found)
        self._require_welcome(viewer, user)
        if not self.nudging.nudge(viewer.id, user_id, NudgeKind.BUZZ):
            raise ConflictError(
                lazy_gettext(
                    "You've buzzed @%(name)s already this week.", name=user.username
                )
            )
        return self.relationships.fresh(viewer, user_id)

    def _require_welcome(self, viewer: Viewer, user: User) -> None:
        relations = self.stores.relationships.relations([viewer.id])[viewer.id]
        if user.id not in relations.follows or relations.has_block(user.id):
            raise InvalidError(lazy_gettext("You can only buzz people you follow."))
        if not user.accepts_buzzes:
            raise InvalidError(
                lazy_gettext("@%(name)s doesn't want to be buzzed.", name=user.username)
            )
        if not self._is_silent(user.id):
            raise ConflictError(
                lazy_gettext(
                    "@%(name)s has posted in the last week.", name=user.username
                )
            )

    def _is_silent(self, user_id: UserId) -> bool:
        """Return whether a user has posted nothing lately; one or two queries.

        Kwips for mentioned people only do not count: nobody else learns of them.
        """
        since = first_id_at(self.clock() - round(BUZZ_AFTER.total_seconds() * 1_000))
        if user_id > since:  # they have just signed up
            return False
        entries = self.stores.posts.entries_by(
            [user_id], above=since, below=MAX_ID, limit=_LOOKED_AT
        )
        ids = [each.post_id for each in entries]
        found = self.stores.posts.get_many(ids).values() if ids else ()
        return all(post.visibility is Visibility.DIRECT for post in found)
