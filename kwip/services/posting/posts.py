"""Publish, edit, delete and show posts.

The write path: claim the idempotency key, insert the post with its own outbox, put it
into the author's home, invalidate, enqueue the fan-out, answer.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation
from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.ids import PostId, UserId, ms_of, slot_of
from kwip.domain.posts import Draft, Edit, History, Post, Visibility
from kwip.domain.reactions import span_of
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.visibility import may_see, reply_visibility
from kwip.services.coherence.clock_guard import MAX_SKEW_MS
from kwip.store.delivery.outbox import pending
from kwip.store.posting.claims import Claim

if TYPE_CHECKING:
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import IdGenerator
    from kwip.domain.timelines.views import PostView
    from kwip.domain.users import Viewer
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.delivery.publication import Publication
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.texts import TextEntities, Texts
    from kwip.services.reading.loader import Loader, Loaders
    from kwip.services.reading.stores import Stores
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.threads import Threads
    from kwip.store.posting.claims import ClaimStore

#: For how long a repeated request finds its first result.
CLAIM_LIFETIME_MS = 24 * 3_600_000
#: The sweeper enqueues a post that has not been delivered for this long after its
#: insert.
SWEEP_AFTER_MS = 5_000
KEY_MAX = 200
#: How often a write that lost a race is repeated before it fails.
TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Publish, edit, delete and show posts."""

    stores: Stores
    claims: ClaimStore
    hydration: Hydration
    threads: Threads
    permissions: Permissions
    publication: Publication
    notifier: Notifier
    loaders: Loaders
    fence: Fence
    clock_guard: ClockGuard
    ids: IdGenerator
    clock: ClockMs
    texts: Texts

    def create(self, viewer: Viewer, draft: Draft) -> PostView:
        """Publish a post; the same idempotency key and body return the same post.

        Raises:
            InvalidError: The text or the key cannot be used, or the key was used for
                another body.
            NotFoundError: The post it replies to is not there for this viewer.
            GoneError: The post it replies to was deleted, or the repeated post itself
                was.
            StoreUnavailableError: The result is unknown; repeat it with the same key.
        """
        post = self.publish(viewer.id, draft)
        return self._only_view(viewer, self.loaders.begin(viewer.id), post)

    def publish(self, author_id: UserId, draft: Draft) -> Post:
        """Publish a post and return it as it was stored, without making a view."""
        self.clock_guard.require()
        draft = self.texts.clean(draft)
        claim, post = self._claim(author_id, draft)
        if post is None:
            composed = self._compose(author_id, draft, claim.post_id)
            post = self._insert(self.stores.repeats.link(composed), claim, draft)
        invalidated = invalidation.post(
            post_id=post.id,
            author_id=author_id,
            parent_id=post.in_reply_to_id,
            root_id=post.root_id,
            is_listed=post.is_listed,
            tags=post.tags,
        )
        self.publication.announce(post, invalidated)
        return post

    def get(self, viewer: Viewer | None, loader: Loader, post_id: PostId) -> PostView:
        """Show one post. Warm: 2 round trips.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted.
        """
        post = self.threads.post(viewer, loader, post_id)
        views = self.hydration.posts(viewer, loader, [Entry.of(post)])
        if post_id not in views:  # its author is suspended
            raise NotFoundError("Kwip not found.", post_id=post_id)
        return views[post_id]

    def history(
        self, viewer: Viewer | None, loader: Loader, post_id: PostId
    ) -> History:
        """Show a post with its earlier texts; one query, because these are not cached.

        A viewer who may see it only because of a mention gets only the current text:
        the earlier ones may not have mentioned them.

        Raises:
            NotFoundError: There is none, or none for this viewer.
            GoneError: It was deleted.
        """
        self.get(viewer, loader, post_id)
        loader.bypass()
        history = self.stores.posts.history(post_id)
        viewer_id = None if viewer is None else viewer.id
        relations = self.hydration.relations(viewer, loader)
        # It may have changed since the check above: what is shown is what is checked.
        if history is None or not may_see(viewer_id, relations, history.post):
            raise NotFoundError("Kwip not found.", post_id=post_id)
        if not may_see(viewer_id, relations, replace(history.post, mentions=())):
            return History(post=history.post)
        return history

    def edit(self, viewer: Viewer, post_id: PostId, asked: Edit) -> PostView:
        """Change the text of one of the viewer's posts; the old one is kept.

        Users who are newly mentioned are notified; notifications of users who are no
        longer mentioned are deleted. A direct post stays between the users whom it
        mentioned first: mentioning others neither shows it to them nor notifies them.

        Raises:
            InvalidError: The text cannot be used.
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted.
            ForbiddenError: The viewer is not its author.
            ConflictError: It kept changing meanwhile.
        """
        draft = self.texts.clean(
            Draft(
                text=asked.text,
                warning=asked.warning,
                is_sensitive=asked.is_sensitive,
            )
        )
        for _ in range(TRIES):
            old = self.permissions.own(viewer.id, post_id)
            if old.repost_of_id is not None:
                raise ForbiddenError("Reposts can't be edited.")
            entities = self.texts.entities(draft.text)
            new = self.stores.repeats.link(_edited(old, draft, entities))
            is_same = _content(old) == _content(new)
            notifications = [] if is_same else self.notifier.of_edit(old, new)
            done = is_same or self.stores.posts.edit(
                old, new, at(self.clock()), notifications
            )
            if done:
                unnamed = old.mentioned_ids - new.mentioned_ids
                self.stores.notifications.withdraw(post_id, sorted(unnamed))
            self.fence.invalidate(
                invalidation.edit(
                    post_id=post_id,
                    tags=sorted({*old.tags} ^ {*new.tags}),
                    recipient_ids=sorted(old.mentioned_ids | new.mentioned_ids),
                    later_ids=self.stores.repeats.later(viewer.id, post_id),
                )
            )
            if done:
                self.notifier.signal_recipients(*notifications)
                return self._only_view(viewer, self.loaders.begin(viewer.id), new)
        raise ConflictError("This kwip was changed meanwhile. Reload it and try again.")

    def delete(self, viewer: Viewer, post_id: PostId) -> Post:
        """Replace one of the viewer's posts with a tombstone; return it as it was.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted before.
            ForbiddenError: The viewer is not its author.
        """
        old = self.stores.posts.delete(post_id, viewer.id)
        gone = old or self.stores.posts.get_many([post_id]).get(post_id)
        parent_id = gone.counted_on_id if gone else None
        is_own = gone is not None and gone.author_id == viewer.id
        recipients = (
            set(self.stores.notifications.forget(gone)) if gone and is_own else set()
        )
        invalidated = invalidation.delete(
            post_id=post_id,
            author_id=viewer.id,
            parent_id=parent_id,
            recipient_ids=sorted(recipients),
            later_ids=self.stores.repeats.later(viewer.id, post_id),
        )
        unreposted = _unreposted(viewer.id, gone) if gone else ()
        self.publication.withdraw(post_id, (*invalidated, *unreposted), recipients)
        return old if old is not None else self.permissions.own(viewer.id, post_id)

    def _claim(self, author_id: UserId, draft: Draft) -> tuple[Claim, Post | None]:
        """Draw an id and a nonce, or find those that the key has, and their post."""
        mine = Claim(
            self._new_id(author_id, draft), secrets.token_hex(12), _digest(draft)
        )
        key = draft.idempotency_key
        if key is None:
            return mine, None
        if not 0 < len(key) <= KEY_MAX:
            limit = f"Use 1 to {KEY_MAX} characters."
            raise InvalidError(
                "That idempotency key can't be used.", {"idempotency_key": limit}
            )
        expires_at = at(self.clock() + CLAIM_LIFETIME_MS)
        held = self.claims.claim(author_id, key, mine, expires_at)
        if held.digest != mine.digest:
            raise InvalidError(
                "This was already sent with a different text.",
                {"idempotency_key": "Use a new key for a new kwip."},
            )
        if held is mine:
            return mine, None
        return held, self.stores.posts.find(held.post_id, held.nonce)

    def _compose(self, author_id: UserId, draft: Draft, post_id: PostId) -> Post:
        """Make the post, and check that its author may reply to its parent."""
        parent = None
        if draft.in_reply_to_id is not None:
            parent = self.permissions.post(
                author_id, draft.in_reply_to_id, what="The kwip you're replying to"
            )
        visibility = draft.visibility
        if parent is not None:
            visibility = reply_visibility(parent.visibility, visibility)
        return Post(
            id=post_id,
            author_id=author_id,
            text=draft.text,
            warning=draft.warning,
            is_sensitive=draft.is_sensitive,
            visibility=visibility,
            created_at=at(ms_of(post_id)),
            in_reply_to_id=parent.id if parent else None,
            in_reply_to_author_id=parent.author_id if parent else None,
            root_id=parent.root_id if parent else post_id,
            source=draft.source,
            language=draft.language,
            **self.texts.entities(draft.text),
        )

    def _insert(self, post: Post, claim: Claim, draft: Draft) -> Post:
        """Insert a post; if another one has its id, draw a new id."""
        now = self.clock()
        for _ in range(TRIES):
            try:
                fanout = pending(at(now), at(now + SWEEP_AFTER_MS))
                self.stores.posts.insert(post, claim.nonce, fanout)
            except ConflictError:
                claim = self._moved(post.author_id, claim, draft)
                post = _renumbered(post, claim.post_id)
            else:
                return post
        raise ConflictError("Kwip is very busy right now. Try again.")

    def _moved(self, author_id: UserId, claim: Claim, draft: Draft) -> Claim:
        """Store a new id in a claim whose id is taken; a parallel repeat may win."""
        new = replace(claim, post_id=self._new_id(author_id, draft))
        key = draft.idempotency_key
        if key is None or self.claims.move(author_id, key, claim, new.post_id):
            return new
        return self.claims.claim(
            author_id, key, new, at(self.clock() + CLAIM_LIFETIME_MS)
        )

    def _new_id(self, author_id: UserId, draft: Draft) -> PostId:
        above = draft.in_reply_to_id or 0
        # Nobody has found that post yet: an id from the future belongs to no post, and
        # would push all of this author's later ids into the future.
        if ms_of(above) > self.clock() + MAX_SKEW_MS:
            raise NotFoundError("The kwip you're replying to was not found.")
        return PostId(self.ids.next_id(slot_of(author_id), above=above))

    def _only_view(self, viewer: Viewer | None, loader: Loader, post: Post) -> PostView:
        views = self.hydration.posts(viewer, loader, [Entry.of(post)])
        if post.id not in views:
            raise GoneError("This kwip was deleted.", post_id=post.id)
        return views[post.id]


def _content(post: Post) -> tuple[str, str, bool]:
    return (post.text, post.warning, post.is_sensitive)


def _edited(old: Post, draft: Draft, entities: TextEntities) -> Post:
    new = replace(
        old,
        text=draft.text,
        warning=draft.warning,
        is_sensitive=draft.is_sensitive,
        **entities,
    )
    if old.visibility is not Visibility.DIRECT:
        return new
    stay = (m for m in new.mentions if m.user_id in old.mentioned_ids)
    return replace(new, mentions=tuple(stay))


def _unreposted(viewer_id: UserId, gone: Post) -> invalidation.Keys:
    """Return what else the deletion of a repost invalidates."""
    if not gone.repost_of_id:
        return ()
    return invalidation.unrepost(
        post_id=gone.id,
        author_id=viewer_id,
        of_id=gone.repost_of_id,
        of_author_id=gone.repost_of_author_id or viewer_id,
        span=span_of(gone.repost_of_id),
    )


def _renumbered(post: Post, post_id: PostId) -> Post:
    root_id = post_id if post.root_id == post.id else post.root_id
    return replace(post, id=post_id, root_id=root_id, created_at=at(ms_of(post_id)))


def _digest(draft: Draft) -> str:
    """Return a digest that tells apart bodies sent with the same key."""
    body: tuple[object, ...] = (
        draft.text,
        draft.visibility.value,
        draft.in_reply_to_id,
        draft.language,
    )
    if draft.warning or draft.is_sensitive:
        body += (draft.warning, draft.is_sensitive)
    return hashlib.sha256(repr(body).encode()).hexdigest()
