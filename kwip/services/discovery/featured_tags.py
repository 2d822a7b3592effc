"""The hashtags that a profile features, with how often its author uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import MAX_FEATURED_TAGS, FeaturedTag
from kwip.domain.clock import at
from kwip.domain.errors import InvalidError
from kwip.domain.ids import ms_of, slot_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.tags import FeaturedTagView
from kwip.domain.timelines.visibility import require_shown
from kwip.services.reading.loader import Lookup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.store.discovery.featured_tags import FeaturedTagStore

#: Hashtags that are suggested to be featured, at most.
MAX_SUGGESTED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class FeaturedTags:
    """Featured hashtags are a part of the user; counts are queried when asked for."""

    store: FeaturedTagStore
    entities: Entities
    fence: Fence
    ids: IdGenerator

    def add(self, viewer: Viewer, loader: Loader, name: str) -> FeaturedTagView:
        """Feature a hashtag, by its folded name; doing so twice changes nothing.

        The loader is not used before the write.

        Raises:
            InvalidError: The viewer features too many already.
        """
        new = FeaturedTag(self.ids.next_id(slot_of(viewer.id)), name)
        self.store.add(viewer.id, new)
        self.fence.invalidate(invalidation_rules.feature_tag(user_id=viewer.id))
        mine = self._user(loader, viewer.id).featured_tags
        found = next((tag for tag in mine if tag.name == name), None)
        if found is None:
            says = lazy_gettext(
                "Remove one first. You can feature up to %(limit)s.",
                limit=MAX_FEATURED_TAGS,
            )
            raise InvalidError(says, {"name": says})
        return self._views(loader, viewer.id, [found])[0]

    def remove(self, viewer: Viewer, tag_id: int) -> None:
        """Feature a hashtag no more; one that isn't featured is not an error."""
        self.store.remove(viewer.id, tag_id)
        self.fence.invalidate(invalidation_rules.feature_tag(user_id=viewer.id))

    def of(self, loader: Loader, user_id: UserId) -> list[FeaturedTagView]:
        """Return the hashtags that a user features, with counts: one query.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        return self._views(loader, user_id, self._user(loader, user_id).featured_tags)

    def suggested(self, viewer: Viewer, loader: Loader) -> list[str]:
        """Return the hashtags that the viewer used most lately and does not feature."""
        loader.bypass()
        featured = {tag.name for tag in self._user(loader, viewer.id).featured_tags}
        names = self.store.recent(viewer.id)
        return [name for name in names if name not in featured][:MAX_SUGGESTED]

    def _user(self, loader: Loader, user_id: UserId) -> User:
        users = loader.load(Lookup(self.entities.users, [user_id]))[0]
        return require_shown(user_id, users.get(user_id))

    def _views(
        self, loader: Loader, user_id: UserId, tags: Sequence[FeaturedTag]
    ) -> list[FeaturedTagView]:
        if not tags:
            return []
        loader.bypass()
        uses = self.store.uses(user_id, [tag.name for tag in tags])
        return [
            FeaturedTagView(
                tag.id,
                user_id,
                tag.name,
                uses[tag.name].posts_count if tag.name in uses else 0,
                at(ms_of(uses[tag.name].last_id)) if tag.name in uses else None,
            )
            for tag in tags
        ]
