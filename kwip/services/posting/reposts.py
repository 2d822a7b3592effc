"""Repost: put a post of somebody, or an earlier one of one's own, before followers.

A repost is a post without text, delivered like any other. Its reaction document is
the claim that keeps it single; both are stored in one transaction.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation as drops
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, ForbiddenError
from kwip.domain.ids import PostId, ms_of, slot_of
from kwip.domain.posts import Post, Visibility
from kwip.domain.reactions import Act, Reaction, span_of
from kwip.services.posting.posts import SWEEP_AFTER_MS, TRIES
from kwip.store.outbox import pending

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.domain.users import Viewer
    from kwip.domain.views import PostView
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.publication import Publication
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.posts import Posts
    from kwip.services.reading.loader import Readings
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class RepostsParts:
    """What `Reposts` is made of."""

    stores: Stores
    permissions: Permissions
    publication: Publication
    posts: Posts
    readings: Readings
    fence: Fence
    clock_guard: ClockGuard
    ids: IdGenerator
    clock: ClockMs


class Reposts:
    """Repost, and take it back. Each may be repeated."""

    def __init__(self, parts: RepostsParts):
        self._store = parts.stores.reactions
        self._post_store = parts.stores.posts
        self._permissions = parts.permissions
        self._publication = parts.publication
        self._posts = parts.posts
        self._readings = parts.readings
        self._fence = parts.fence
        self._clock_guard = parts.clock_guard
        self._ids = parts.ids
        self._clock = parts.clock

    def repost(
        self, viewer: Viewer, post_id: PostId, *, source: str = "web"
    ) -> PostView:
        """Repost a post; doing it again gives the same repost.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted.
            ForbiddenError: It is not for everybody who would get to see it.
            StoreUnavailableError: Nothing is known; repeat it.
        """
        self._clock_guard.require()
        original = self._permissions.post(viewer.id, post_id)
        _require_repostable(viewer, original)
        post = self._put(viewer.id, original, source)
        dropped = drops.repost(
            post_id=post.id,
            author_id=viewer.id,
            of_id=original.id,
            span=span_of(original.id),
        )
        self._publication.announce(post, dropped)
        return self._posts.get(viewer, self._readings.begin(viewer.id), post.id)

    def unrepost(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Take the viewer's repost of a post back; show the post.

        Also of a post that the viewer may not see any more.

        Raises:
            NotFoundError: There is no such post for this viewer (any more).
            GoneError: It was deleted.
        """
        original = self._permissions.original(post_id)
        original_id = original.id
        found_id = self._store.repost_of(viewer.id, original_id)
        repost_id = original_id if found_id is None else found_id
        if found_id is not None:
            self._post_store.bury(found_id, viewer.id)
            self._store.release_repost(viewer.id, original_id, found_id)
        dropped = drops.unrepost(
            post_id=repost_id,
            author_id=viewer.id,
            of_id=original_id,
            of_author_id=original.author_id,
            span=span_of(original_id),
        )
        self._publication.withdraw(repost_id, dropped, [original.author_id])
        return self._posts.get(viewer, self._readings.begin(viewer.id), original_id)

    def _put(self, author_id: UserId, original: Post, source: str) -> Post:
        """Store the repost, or find that it was done before."""
        for _ in range(TRIES):
            post = self._new(author_id, original, source)
            now = self._clock()
            fanout = pending(at(now), at(now + SWEEP_AFTER_MS))
            try:
                repost_id = self._store.repost(
                    _reaction(post, original), post, secrets.token_hex(12), fanout
                )
            except ConflictError:
                continue
            if repost_id == post.id:
                return post
            found = self._post_store.get_many([repost_id]).get(repost_id)
            if found is not None and not found.is_tombstone:
                return found
            # Only a crash of an older version leaves a claim without its post.
            self._store.release_repost(author_id, original.id, repost_id)
        raise ConflictError("Too much is happening at once. Try again.")

    def _new(self, author_id: UserId, original: Post, source: str) -> Post:
        number = self._ids.next_id(slot_of(author_id), above=original.id)
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
            source=source,
        )


def _reaction(post: Post, original: Post) -> Reaction:
    return Reaction(
        user_id=post.author_id,
        act=Act.REPOST,
        post_id=original.id,
        author_id=original.author_id,
        reply_to_id=original.in_reply_to_author_id,
        seq=post.id,
    )


def _require_repostable(viewer: Viewer, original: Post) -> None:
    """Refuse to show a post to people for whom it was not written.

    The followers of its author are the viewer's own if it is the viewer's.
    """
    if original.visibility.is_open:
        return
    is_own = original.author_id == viewer.id
    if is_own and original.visibility is Visibility.FOLLOWERS:
        return
    message = "Only kwips for everybody can be reposted."
    if original.visibility is Visibility.DIRECT:
        message = "A kwip for the people whom it names cannot be reposted."
    raise ForbiddenError(message, post_id=original.id)
