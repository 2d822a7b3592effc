"""Mute conversations, or follow them without writing in them.

Nobody is notified of what happens in a conversation they have muted. Of one that they
follow, they are notified of every reply that they may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.fence import Fence
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Loaders
    from kwip.store.social.followed_conversations import FollowedConversationStore
    from kwip.store.social.muted_conversations import MutedConversationStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations:
    """The conversations that a viewer has muted or follows, by any of their posts.

    Earlier notifications stay, and timelines are not affected.
    """

    muted: MutedConversationStore
    followed: FollowedConversationStore
    permissions: Permissions
    posts: Posts
    loaders: Loaders
    fence: Fence

    def mute(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Mute the conversation of a post; twice changes nothing.

        Raises:
            NotFoundError: There is no such post for this viewer.
            GoneError: It was deleted.
        """
        post = self.permissions.post(viewer.id, post_id)
        self.muted.mute(viewer.id, post.root_id)
        return self._view(viewer, post.id)

    def unmute(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Unmute the conversation of a post, even one that is hidden now.

        Raises:
            NotFoundError: There is no such post, or, once it is unmuted, none that
                this viewer may see.
            GoneError: It was deleted.
        """
        post = self.permissions.original(post_id)
        self.muted.unmute(viewer.id, post.root_id)
        return self._view(viewer, post.id)

    def follow(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Follow the conversation of a post, which is not muted any more.

        Raises:
            NotFoundError: There is no such post for this viewer.
            GoneError: It was deleted.
        """
        post = self.permissions.post(viewer.id, post_id)
        self.muted.unmute(viewer.id, post.root_id)
        self.followed.follow(viewer.id, post.root_id)
        return self._view(viewer, post.id)

    def unfollow(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Unfollow the conversation of a post, even one that is hidden now.

        Raises:
            NotFoundError: There is no such post, or, once it is unfollowed, none that
                this viewer may see.
            GoneError: It was deleted.
        """
        post = self.permissions.original(post_id)
        self.followed.unfollow(viewer.id, post.root_id)
        return self._view(viewer, post.id)

    def _view(self, viewer: Viewer, post_id: PostId) -> PostView:
        self.fence.invalidate(invalidation_rules.choose_conversation(user_id=viewer.id))
        return self.posts.get(viewer, self.loaders.begin(viewer.id), post_id)
