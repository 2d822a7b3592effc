"""Follow hashtags: public posts with one are merged into home while it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.tags import MAX_FOLLOWED_TAGS, TagView

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.store.social.followed_tags import FollowedTagStore


@dataclass(frozen=True, slots=True)
class FollowedTags:
    """The hashtags that the viewer follows, by their folded names."""

    store: FollowedTagStore
    hydration: Hydration
    fence: Fence

    def follow(self, viewer: Viewer, tag: str) -> TagView:
        """Follow a hashtag; following it twice changes nothing.

        Raises:
            InvalidError: The viewer follows too many already.
        """
        is_followed = self.store.follow(viewer.id, tag)
        self.fence.invalidate(invalidation_rules.follow_tag(user_id=viewer.id))
        if not is_followed:
            says = lazy_gettext(
                "Unfollow one first. You can follow up to %(limit)s.",
                limit=MAX_FOLLOWED_TAGS,
            )
            raise InvalidError(says, {"name": says})
        return TagView(tag, is_following=True)

    def unfollow(self, viewer: Viewer, tag: str) -> TagView:
        """Stop following a hashtag."""
        self.store.unfollow(viewer.id, tag)
        self.fence.invalidate(invalidation_rules.follow_tag(user_id=viewer.id))
        return TagView(tag, is_following=False)

    def get(self, viewer: Viewer | None, loader: Loader, tag: str) -> TagView:
        """Return whether the viewer follows a hashtag, used or not."""
        relations = self.hydration.relations(viewer, loader)
        return TagView(tag, is_following=tag in relations.tags)

    def overview(self, viewer: Viewer, loader: Loader) -> list[TagView]:
        """Show all hashtags that the viewer follows, by name."""
        tags = self.hydration.relations(viewer, loader).tags
        return [TagView(tag, is_following=True) for tag in sorted(tags)]
