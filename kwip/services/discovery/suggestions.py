"""Suggest people to follow, and list those who want to be found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.batches import batches
from kwip.domain.timelines.filters import hidden_by, is_limited
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.suggestions import MAX_SUGGESTIONS, Suggestion
from kwip.domain.timelines.views import UserView
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.pages import Part
    from kwip.domain.timelines.suggestions import DirectoryOrder, SuggestionReason
    from kwip.domain.timelines.trends import PeopleOrder
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.discovery.suggestions import SuggestionStore

#: How many people are looked at in one round trip, and in how many.
BATCH, MAX_BATCHES = 80, 4


@dataclass(frozen=True, slots=True)
class Suggestions:
    """People to follow: only discoverable ones, and nobody whom the viewer hides."""

    entities: Entities
    hydration: Hydration
    store: SuggestionStore
    fence: Fence
    rng: Random

    def of(self, viewer: Viewer, loader: Loader) -> list[Suggestion]:
        """Suggest people: whom those one follows follow, then popular ones.

        Popular are those with most followers among whoever posted in the last week.
        Warm: 2 round trips, seldom up to 5. Cold: 3 queries more than those of users.
        """
        order: PeopleOrder = "popular"
        sources, relations, orders = loader.load(
            Lookup(self.entities.suggestions, [viewer.id]),
            Lookup(self.entities.relations, [viewer.id]),
            Lookup(self.entities.people_orders, [order]),
        )
        popular = orders[order]
        source, mine = sources[viewer.id], relations[viewer.id]
        known = {
            viewer.id,
            *mine.follows,
            *mine.requested,
            *hidden_by(mine),
            *source.dismissed,
        }
        reasons: dict[UserId, SuggestionReason] = {
            **dict.fromkeys(popular, "popular"),
            **dict.fromkeys(source.ranked, "followed_by_followees"),
        }
        wanted = [
            user_id
            for user_id in dict.fromkeys((*source.ranked, *popular))
            if user_id not in known
        ]
        users = self._discoverable(viewer, loader, wanted, MAX_SUGGESTIONS)
        return [
            Suggestion(UserView.of(user, viewer, mine), reasons[user.id])
            for user in users
        ]

    def dismiss(self, viewer: Viewer, user_id: UserId) -> None:
        """Suggest somebody no more; does nothing if they never were."""
        self.store.dismiss(viewer.id, user_id)
        self.fence.invalidate(invalidation_rules.dismiss_suggestion(user_id=viewer.id))

    def popular(self, viewer: Viewer | None, loader: Loader) -> list[UserView]:
        """Return the people with most followers among those who posted lately.

        Warm: 2 round trips.
        """
        ids = self._ordered(loader, "popular")[:MAX_SUGGESTIONS]
        return self._views(viewer, loader, ids)

    def directory(
        self,
        viewer: Viewer | None,
        loader: Loader,
        order: DirectoryOrder,
        part: Part,
    ) -> Page[UserView]:
        """List discoverable people; the page's cursor is the offset of the next one.

        `active` are up to 1,000 who posted in the last week, the latest post first: 2
        round trips. `new` is everyone, the newest account first: also one query.
        `random` are some of those who are active.
        """
        end = part.offset + part.limit
        ids: Sequence[UserId]
        if order == "random":
            known = self._ordered(loader, "active")
            ids = self.rng.sample(known, min(len(known), part.limit))
            goes_on = False
        elif order == "active":
            known = self._ordered(loader, "active")
            ids, goes_on = known[part.offset : end], len(known) > end
        else:
            loader.bypass()
            newest = self.store.newest(part.offset, part.limit + 1)
            ids, goes_on = newest[: part.limit], len(newest) > part.limit
        views = self._views(viewer, loader, ids)
        return Page(items=tuple(views), next_max_id=end if goes_on else None)

    def _ordered(self, loader: Loader, order: PeopleOrder) -> Sequence[UserId]:
        return loader.load(Lookup(self.entities.people_orders, [order]))[0][order]

    def _views(
        self, viewer: Viewer | None, loader: Loader, ids: Sequence[UserId]
    ) -> list[UserView]:
        relations = self.hydration.relations(viewer, loader)
        hidden = hidden_by(relations)
        shown = [i for i in ids if i not in hidden]
        users = self._discoverable(viewer, loader, shown, len(shown))
        return [UserView.of(user, viewer, relations) for user in users]

    def _discoverable(
        self,
        viewer: Viewer | None,
        loader: Loader,
        ids: Iterable[UserId],
        most: int,
    ) -> list[User]:
        """Look users up until there are enough who may be found and want to be."""
        relations = self.hydration.relations(viewer, loader)
        viewer_id = None if viewer is None else viewer.id

        def is_shown(user: User) -> bool:
            is_hidden = user.is_suspended or is_limited(viewer_id, relations, user)
            return user.is_discoverable and not is_hidden

        found: list[User] = []
        for part in list(batches(ids, BATCH))[:MAX_BATCHES]:
            users = loader.load(Lookup(self.entities.users, part))[0]
            found += [users[i] for i in part if i in users and is_shown(users[i])]
            if len(found) >= most:
                break
        return found[:most]
