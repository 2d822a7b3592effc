"""Repost: show a post, by another user or one's own, to one's followers.

A repost is a post without text, delivered like any other. Its reaction document is the
claim that makes it unique; both are stored in one transaction.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, ForbiddenError
from kwip.domain.ids import PostId, ms_of, slot_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import Post, Visibility
from kwip.domain.posting.reactions import Act, Reaction, span_of
from kwip.domain.timelines.surrogate_keys import of_post
from kwip.services.delivery.signals import SWEEP_AFTER_MS
from kwip.services.posting.posts import TRIES
from kwip.store.delivery.outbox import pending

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.publication import Publication
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Loaders
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Reposts:
    """Repost posts, and undo it. Both may be repeated."""

    stores: Stores
    permissions: Permissions
    publication: Publication
    posts: Posts
    loaders: Loaders
    fence: Fence
    clock_guard: ClockGuard
    ids: IdGenerator
    clock: ClockMs

    def repost(
        self, viewer: Viewer, post_id: PostId, *, source: str = "web"
    ) -> PostView:
        """Repost a post; doing it again returns the same repost.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted.
            ForbiddenError: It was not visible to everyone who would see the repost.
            StoreUnavailableError: The result is unknown; repeat it.
        """
        self.clock_guard.require()
        original = self.permissions.post(viewer.id, post_id)
        _require_repostable(viewer, original)
        post = self._put(viewer.id, original, source)
        invalidated = invalidation_rules.repost(
            post_id=post.id,
            author_id=viewer.id,
            of_id=original.id,
            span=span_of(original.id),
        )
        self.publication.announce(post, invalidated)
        return self.posts.get(viewer, self.loaders.begin(viewer.id), post.id)

    def unrepost(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Undo the viewer's repost of a post; show the post.

        Works even for a post that the viewer may no longer see.

        Raises:
            NotFoundError: There is no such post for this viewer (any more).
            GoneError: It was deleted.
        """
        original = self.permissions.original(post_id)
        original_id = original.id
        found_id = self.stores.reactions.repost_of(viewer.id, original_id)
        repost_id = original_id if found_id is None else found_id
        if found_id is not None:
            self.stores.posts.delete(found_id, viewer.id, at(self.clock()))
            self.stores.reactions.release_repost(viewer.id, original_id, found_id)
        invalidated = invalidation_rules.unrepost(
            post_id=repost_id,
            author_id=viewer.id,
            of_id=original_id,
            of_author_id=original.author_id,
            span=span_of(original_id),
        )
        self.publication.withdraw(repost_id, invalidated, [original.author_id])
        self.posts.purges.forget(of_post(repost_id))
        return self.posts.get(viewer, self.loaders.begin(viewer.id), original_id)

    def _put(self, author_id: UserId, original: Post, source: str) -> Post:
        """Store the repost, or find the existing one."""
        for _ in range(TRIES):
            post = self._new(author_id, original, source)
            now = self.clock()
            fanout = pending(at(now), at(now + SWEEP_AFTER_MS))
            try:
                repost_id = self.stores.reactions.repost(
                    _reaction(post, original), post, secrets.token_hex(12), fanout
                )
            except ConflictError:
                continue
            if repost_id == post.id:
                return post
            found = self.stores.posts.get_many([repost_id]).get(repost_id)
            if found is not None and not found.is_tombstone:
                return found
            # Only a crash of an older version leaves a claim without its post.
            self.stores.reactions.release_repost(author_id, original.id, repost_id)
        raise ConflictError(lazy_gettext("Kwip is very busy right now. Try again."))

    def _new(self, author_id: UserId, original: Post, source: str) -> Post:
        number = self.ids.next_id(slot_of(author_id), above=original.id)
        repost_id = PostId(number)
        return Post(
            id=repost_id,
            author_id=author_id,
            text="",
            visibility=original.visibility,
            created_at=at(ms_of(repost_id)),
            root_id=repost_id,
            repost_of_id=original.id,
            repost_of_author_id=original.author_id,
            quote_of_id=original.quote_of_id,
            quote_of_author_id=original.quote_of_author_id,
            source=source,
        )


def _reaction(post: Post, original: Post) -> Reaction:
    return Reaction(
        user_id=post.author_id,
        act=Act.REPOST,
        post_id=original.id,
        author_id=original.author_id,
        reply_to_author_id=original.in_reply_to_author_id,
        seq=post.id,
    )


def _require_repostable(viewer: Viewer, original: Post) -> None:
    """Refuse to show a post to users it was not written for.

    Users may repost their own followers-only posts: the audience is the same.
    """
    if original.visibility.is_open:
        return
    is_own = original.author_id == viewer.id
    if is_own and original.visibility is Visibility.FOLLOWERS:
        return
    message = lazy_gettext("Followers-only kwips can't be reposted.")
    if original.visibility is Visibility.DIRECT:
        message = lazy_gettext("Direct kwips can't be reposted.")
    raise ForbiddenError(message, post_id=original.id, rule="visibility")
