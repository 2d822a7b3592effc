"""Favourite and bookmark posts.

Each reaction is one document, so the viewer's flag is exact. The counter of favourites
changes in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.ids import slot_of
from kwip.domain.posting.reactions import Act, Reaction, span_of
from kwip.domain.timelines.surrogate_keys import of_favourites

if TYPE_CHECKING:
    from kwip.cache.invalidation_rules import Rule
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import IdGenerator, PostId, UserId
    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.media.stored.purges import Purges
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Loaders
    from kwip.store.accounts.users import UserStore
    from kwip.store.posting.reactions.reactions import ReactionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Reactions:
    """The viewer's reactions to a post. Each act may be repeated.

    Each raises `GoneError` if the post was deleted, and `NotFoundError` if this viewer
    may not see it; a reaction to a hidden post can still be undone.
    """

    store: ReactionStore
    users: UserStore
    permissions: Permissions
    posts: Posts
    loaders: Loaders
    notifier: Notifier
    fence: Fence
    purges: Purges
    ids: IdGenerator

    def favourite(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Favourite a post, or a repost's original; twice changes nothing."""
        post = self.permissions.post(viewer.id, post_id)
        notification = self.notifier.of_favourite(viewer.id, post)
        self.store.add(self._reaction(viewer.id, Act.FAVOURITE, post), notification)
        self._invalidate(invalidation_rules.favourite, viewer, post)
        self._purge(viewer.id)
        self.notifier.signal_recipients(notification)
        return self._view(viewer, post)

    def unfavourite(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Undo a favourite, even of a post that the viewer may no longer see."""
        post = self.permissions.original(post_id)
        self.store.remove(viewer.id, Act.FAVOURITE, post.id)
        self._invalidate(invalidation_rules.unfavourite, viewer, post)
        self._purge(viewer.id)
        return self._view(viewer, post)

    def bookmark(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Bookmark a post; nobody else sees this."""
        post = self.permissions.post(viewer.id, post_id)
        self._add_bookmark(viewer, post)
        return self._view(viewer, post)

    def add_bookmark(self, viewer: Viewer, post_id: PostId) -> bool:
        """Bookmark a post, as `bookmark` does; False if it was bookmarked already."""
        return self._add_bookmark(viewer, self.permissions.post(viewer.id, post_id))

    def _add_bookmark(self, viewer: Viewer, post: Post) -> bool:
        is_new = self.store.add(self._reaction(viewer.id, Act.BOOKMARK, post))
        self._invalidate(invalidation_rules.bookmark, viewer, post)
        return is_new

    def unbookmark(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Remove a post from the viewer's bookmarks, even one that is now hidden."""
        post = self.permissions.original(post_id)
        self.store.remove(viewer.id, Act.BOOKMARK, post.id)
        self._invalidate(invalidation_rules.unbookmark, viewer, post)
        return self._view(viewer, post)

    def _reaction(self, user_id: UserId, act: Act, post: Post) -> Reaction:
        return Reaction(
            user_id=user_id,
            act=act,
            post_id=post.id,
            author_id=post.author_id,
            reply_to_author_id=post.in_reply_to_author_id,
            quote_of_id=post.quote_of_id,
            quote_of_author_id=post.quote_of_author_id,
            seq=self.ids.next_id(slot_of(user_id)),
        )

    def _invalidate(self, rule: Rule, viewer: Viewer, post: Post) -> None:
        self.fence.invalidate(
            rule(
                user_id=viewer.id,
                post_id=post.id,
                author_id=post.author_id,
                span=span_of(post.id),
            )
        )

    def _purge(self, user_id: UserId) -> None:
        """Have a CDN, if there is one, forget favourites that other sites show."""
        if self.purges.edge is None:
            return
        user = self.users.get_many([user_id]).get(user_id)
        if user is not None and user.shows_favourites:
            self.purges.forget(of_favourites(user_id))

    def _view(self, viewer: Viewer, post: Post) -> PostView:
        return self.posts.get(viewer, self.loaders.begin(viewer.id), post.id)
