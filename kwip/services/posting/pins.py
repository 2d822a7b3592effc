"""Pin posts to the top of the viewer's own profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.accounts.users import MAX_PINS
from kwip.domain.errors import ForbiddenError, InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Visibility

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.fence import Fence
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True)
class Pins:
    """A user's pinned posts; `pinned_ids` in the user's document."""

    stores: Stores
    permissions: Permissions
    posts: Posts
    loaders: Loaders
    fence: Fence

    def pin(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Pin a post; a pinned post stays where it is.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted.
            ForbiddenError: The viewer is not its author.
            InvalidError: It is a direct post, or there are `MAX_PINS` already.
        """
        post = self.permissions.post(viewer.id, post_id)
        if post.author_id != viewer.id:
            raise ForbiddenError(
                lazy_gettext("Only the author can pin this kwip."),
                post_id=post_id,
                rule="author",
            )
        if post.visibility is Visibility.DIRECT:
            raise InvalidError(lazy_gettext("Direct kwips can't be pinned."))
        self._forget_deleted(viewer)
        is_pinned = self.stores.users.pin(viewer.id, post.id)
        self.fence.invalidate(invalidation_rules.pin(user_id=viewer.id))
        if not is_pinned:
            raise InvalidError(
                lazy_gettext(
                    "You can pin up to %(limit)s kwips. Unpin one first.",
                    limit=MAX_PINS,
                )
            )
        return self.posts.get(viewer, self.loaders.begin(viewer.id), post.id)

    def unpin(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Unpin a post.

        Raises:
            NotFoundError: There is no such post for this viewer.
            GoneError: It was deleted.
        """
        original = self.permissions.original(post_id)
        self.stores.users.unpin(viewer.id, [original.id])
        self.fence.invalidate(invalidation_rules.unpin(user_id=viewer.id))
        return self.posts.get(viewer, self.loaders.begin(viewer.id), original.id)

    def _forget_deleted(self, viewer: Viewer) -> None:
        """Make room: a deleted post stays pinned until the next one is."""
        user = self.stores.users.get_many([viewer.id]).get(viewer.id)
        pinned = () if user is None else user.pinned_ids
        found = self.stores.posts.get_many(pinned) if pinned else {}
        gone = [i for i in pinned if i not in found or found[i].is_tombstone]
        if gone:
            self.stores.users.unpin(viewer.id, gone)
