"""Repost: put a post of somebody, or an earlier one of one's own, before followers.

A repost is a post without text, delivered like any other. Its reaction document is
the claim that keeps it single: it is written first and names the id and the nonce of
the post, so whoever dies between the two is helped by the next try.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import drops
from kwip.domain.clock import at
from kwip.domain.errors import ConflictError, ForbiddenError
from kwip.domain.ids import PostId, ms_of, slot_of
from kwip.domain.posts import Post, Visibility
from kwip.domain.reactions import Act, Reaction, span_of
from kwip.store.outbox import pending
from kwip.store.reactions import RepostClaim

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator, UserId
    from kwip.domain.users import Viewer
    from kwip.domain.views import PostView
    from kwip.services.clock_guard import ClockGuard
    from kwip.services.entities import Stores
    from kwip.services.fence import Fence
    from kwip.services.permissions import Permissions
    from kwip.services.posts import Posts
    from kwip.services.publication import Publication
    from kwip.services.reading import Readings

#: As for any post: see `services.posts`.
SWEEP_AFTER_MS, TRIES = 5_000, 5


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
        return self._posts.get(viewer, self._readings.begin(), post.id)

    def unrepost(self, viewer: Viewer, post_id: PostId) -> PostView:
        """Take the viewer's repost of a post back; show the post.

        Raises:
            NotFoundError: There is no such post for this viewer.
            GoneError: It was deleted.
        """
        original = self._permissions.post(viewer.id, post_id)
        claim = self._store.repost_of(viewer.id, original.id)
        repost_id = original.id
        if claim is not None:
            repost_id = claim.repost_id
            self._post_store.bury(repost_id, viewer.id)
            self._store.release_repost(viewer.id, original.id, repost_id)
        self._fence.drop(
            drops.unrepost(
                post_id=repost_id,
                author_id=viewer.id,
                of_id=original.id,
                of_author_id=original.author_id,
                span=span_of(original.id),
            )
        )
        return self._posts.get(viewer, self._readings.begin(), original.id)

    def _put(self, author_id: UserId, original: Post, source: str) -> Post:
        """Claim the repost and store its post, or find that it was done before."""
        for _ in range(TRIES):
            mine = self._new_claim(author_id, original)
            held = self._store.claim_repost(
                self._reaction(author_id, original, mine), mine
            )
            found = self._post_store.find(held.repost_id, held.nonce)
            if found is not None and not found.is_tombstone:
                return found
            if found is None:
                stored = self._insert(author_id, original, held, source)
                if stored is not None:
                    return stored
            else:  # it was taken back by somebody who died before the claim went
                self._store.release_repost(author_id, original.id, held.repost_id)
        raise ConflictError("Too much is happening at once. Try again.")

    def _insert(
        self, author_id: UserId, original: Post, claim: RepostClaim, source: str
    ) -> Post | None:
        """Insert the post of a claim; None if its id was taken and has been moved."""
        post = Post(
            id=claim.repost_id,
            author_id=author_id,
            text="",
            visibility=original.visibility,
            created_at=at(ms_of(claim.repost_id)),
            root_id=claim.repost_id,
            repost_of_id=original.id,
            repost_of_author_id=original.author_id,
            source=source,
        )
        now = self._clock()
        try:
            fanout = pending(at(now), at(now + SWEEP_AFTER_MS))
            self._post_store.insert(post, claim.nonce, fanout)
        except ConflictError:
            new_id = self._new_claim(author_id, original).repost_id
            self._store.move_repost(author_id, original.id, claim.repost_id, new_id)
            return None
        return post

    def _new_claim(self, author_id: UserId, original: Post) -> RepostClaim:
        repost_id = self._ids.next_id(slot_of(author_id), above=original.id)
        return RepostClaim(PostId(repost_id), secrets.token_hex(12))

    def _reaction(
        self, author_id: UserId, original: Post, claim: RepostClaim
    ) -> Reaction:
        return Reaction(
            user_id=author_id,
            act=Act.REPOST,
            post_id=original.id,
            author_id=original.author_id,
            reply_to_id=original.in_reply_to_author_id,
            seq=claim.repost_id,
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
