"""The people whom somebody features on their profile, out of those they follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import MAX_ENDORSED
from kwip.domain.errors import InvalidError, NotFoundError
from kwip.domain.messages import lazy_gettext
from kwip.domain.social.relationships import NO_RELATIONS
from kwip.domain.timelines.filters import is_limited
from kwip.domain.timelines.views import UserView
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relationship
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.social.relationships import Relationships
    from kwip.store.accounts.users import UserStore
    from kwip.store.discovery.endorsements import EndorsementStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsements:
    """Featured people are a part of the user.

    Those whom the user no longer follows stay in it, and are not shown.
    """

    store: EndorsementStore
    users: UserStore
    relationships: Relationships
    entities: Entities
    fence: Fence

    def endorse(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Feature somebody on the viewer's profile; doing so twice changes nothing.

        Raises:
            NotFoundError: There is no such user.
            InvalidError: The viewer doesn't follow them, or features too many already.
        """
        if user_id not in self.users.get_many([user_id]):
            raise NotFoundError(lazy_gettext("User not found."), user_id=user_id)
        if not self.relationships.fresh(viewer, user_id).is_following:
            says = lazy_gettext("You can only feature people you follow.")
            raise InvalidError(says, {"id": says})
        self.store.endorse(viewer.id, user_id)
        self.fence.invalidate(invalidation_rules.endorse(user_id=viewer.id))
        found = self.relationships.fresh(viewer, user_id)
        if not found.is_endorsed:
            says = lazy_gettext(
                "Remove one first. You can feature up to %(number)s people.",
                number=MAX_ENDORSED,
            )
            raise InvalidError(says, {"id": says})
        return found

    def unendorse(self, viewer: Viewer, user_id: UserId) -> Relationship:
        """Feature somebody no more; one who isn't featured is not an error."""
        self.store.unendorse(viewer.id, user_id)
        self.fence.invalidate(invalidation_rules.endorse(user_id=viewer.id))
        return self.relationships.fresh(viewer, user_id)

    def of(
        self, viewer: Viewer | None, loader: Loader, user_id: UserId
    ) -> tuple[User, list[UserView]]:
        """Return a user and whom they feature, as far as the viewer is shown them.

        Warm: 2 round trips.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        sides = [user_id] if viewer is None else [user_id, viewer.id]
        users, relations = loader.load(
            Lookup(self.entities.users, [user_id]),
            Lookup(self.entities.relations, sides),
        )
        user = require_shown(user_id, users.get(user_id))
        mine = NO_RELATIONS if viewer is None else relations[viewer.id]
        if mine.has_block(user_id):
            return user, []
        follows = relations[user_id].follows
        ids = [i for i in user.endorsed_ids if i in follows and not mine.has_block(i)]
        others = loader.load(Lookup(self.entities.users, ids))[0]
        viewer_id = None if viewer is None else viewer.id
        shown = (others[i] for i in ids if i in others)
        return user, [
            UserView.of(other, viewer, mine)
            for other in shown
            if not (other.is_suspended or is_limited(viewer_id, mine, other))
        ]
