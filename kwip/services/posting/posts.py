"""Publish, edit, delete and show posts.

The write path: claim the idempotency key, insert the post with its own outbox, put it
into the author's home, invalidate, enqueue the fan-out, answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.errors import (
    ConflictError,
    ForbiddenError,
    GoneError,
    InvalidError,
    NotFoundError,
)
from kwip.domain.ids import PostId, UserId, ms_of
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import (
    Draft,
    Edit,
    History,
    Post,
    QuotePolicy,
    ReplyPolicy,
    Visibility,
)
from kwip.domain.timelines.surrogate_keys import of_post
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.visibility import may_see, reply_visibility
from kwip.services.delivery.signals import SWEEP_AFTER_MS
from kwip.services.media.usable import require_ready, usable
from kwip.services.posting.deletions import invalidated_by_deletion
from kwip.store.delivery.outbox import pending

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.clock import ClockMs
    from kwip.domain.media.attachments import Attachment
    from kwip.domain.posting.polls import NewPoll, Poll
    from kwip.domain.timelines.views import PostView
    from kwip.services.coherence.clock_guard import ClockGuard
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.notifier import Notifier
    from kwip.services.delivery.publication import Publication
    from kwip.services.links.previews import Previews
    from kwip.services.media.attachments import Attachments
    from kwip.services.media.stored.purges import Purges
    from kwip.services.posting.claims import ClaimedIds
    from kwip.services.posting.permissions import Permissions
    from kwip.services.posting.policies import Policies
    from kwip.services.posting.quoting import Quoting
    from kwip.services.posting.texts import TextEntities, Texts
    from kwip.services.reading.loader import Loader, Loaders
    from kwip.services.reading.stores import Stores
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.threads import Threads
    from kwip.store.posting.claims import Claim

_IS_REPOST = lazy_gettext("Reposts can't be edited.")
_CHANGED = lazy_gettext("This kwip was changed meanwhile. Reload it and try again.")
#: How often a write that lost a race is repeated before it fails.
TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Publish, edit, delete and show posts."""

    stores: Stores
    claims: ClaimedIds
    hydration: Hydration
    threads: Threads
    permissions: Permissions
    policies: Policies
    quoting: Quoting
    attachments: Attachments
    previews: Previews
    purges: Purges
    publication: Publication
    notifier: Notifier
    loaders: Loaders
    fence: Fence
    clock_guard: ClockGuard
    clock: ClockMs
    texts: Texts

    def create(self, viewer: Viewer, draft: Draft) -> PostView:
        """Publish a post; the same idempotency key and body return the same post.

        Raises:
            InvalidError: The text, a file or the key cannot be used, or the key was
                used for another body.
            NotFoundError: The post it replies to or quotes is not there for this
                viewer.
            GoneError: That one was deleted, or the repeated post itself was.
            ForbiddenError: The viewer may not quote that post, or not reply to it.
            StoreUnavailableError: The result is unknown; repeat it with the same key.
        """
        post = self.publish(viewer.id, draft)
        return self._only_view(viewer, self.loaders.begin(viewer.id), post)

    def publish(self, author_id: UserId, draft: Draft) -> Post:
        """Publish a post and return it as it was stored, without making a view."""
        self.clock_guard.require()
        draft = self.texts.clean(draft)
        uploads = self.attachments.find(author_id, draft.attachment_ids)
        # Before the claim, which is for the files as they will be.
        require_ready(uploads.values())
        files = [uploads[i].attachment.file for i in uploads]
        claim, is_new = self.claims.claim(author_id, draft, files)
        post = None if is_new else self.stores.posts.find(claim.post_id, claim.nonce)
        if post is None:
            media = usable(uploads, draft.attachment_ids, claim.post_id)
            self.attachments.descriptions.require(author_id, media)
            composed = self._compose(author_id, draft, claim.post_id, media)
            post = self._insert(self.stores.repeats.link(composed), claim, draft)
        invalidated = invalidation_rules.post(
            post_id=post.id,
            author_id=author_id,
            parent_id=post.in_reply_to_id,
            root_id=post.root_id,
            quote_of_id=post.quote_of_id,
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
            raise NotFoundError(lazy_gettext("Kwip not found."), post_id=post_id)
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
            raise NotFoundError(lazy_gettext("Kwip not found."), post_id=post_id)
        if not may_see(viewer_id, relations, replace(history.post, mentions=())):
            return History(post=history.post)
        return history

    def edit(self, viewer: Viewer, post_id: PostId, asked: Edit) -> PostView:
        """Change the text of one of the viewer's posts; the old one is kept.

        Users who are newly mentioned are notified, except those whom a feed or an
        import named, and those no longer mentioned lose
        their notification. A direct post stays between those whom it mentioned first.

        Raises:
            InvalidError: The text or a file cannot be used.
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted.
            ForbiddenError: The viewer is not its author.
            ConflictError: It kept changing meanwhile.
        """
        for _ in range(TRIES):
            old = self.permissions.own(viewer.id, post_id)
            if old.repost_of_id is not None:
                raise ForbiddenError(_IS_REPOST, rule="repost")
            if asked.quote_of_id not in {None, old.quote_of_id}:
                raise _keeps_quote()
            new = self._edited(old, asked)  # or refuse, before anything is stored
            if self.policies.edit(old, asked):
                continue  # with its new version
            is_same = _content(old) == _content(new)
            notifications = [] if is_same else self.notifier.of_edit(old, new)
            added = [each for each in new.media if each.id not in old.media_ids]
            with self.attachments.placed(added, old):
                done = is_same or self.stores.posts.edit(
                    old, new, at(self.clock()), notifications
                )
            if done:
                gone = old.media_ids - new.media_ids
                self.attachments.release(viewer.id, sorted(gone))
                unnamed = old.mentioned_ids - new.mentioned_ids
                self.stores.notifications.withdraw(post_id, sorted(unnamed))
            self.fence.invalidate(
                invalidation_rules.edit(
                    post_id=post_id,
                    author_id=viewer.id,
                    tags=sorted({*old.tags} ^ {*new.tags}),
                    recipient_ids=sorted(old.mentioned_ids | new.mentioned_ids),
                    later_ids=self.stores.repeats.later(viewer.id, post_id),
                )
            )
            if done:
                self.notifier.signal_recipients(*notifications)
                self.publication.follow_edit(old, new)
                self.previews.release(old.preview)
                self.purges.forget(of_post(post_id))
                return self._only_view(viewer, self.loaders.begin(viewer.id), new)
        raise ConflictError(_CHANGED)

    def delete(
        self, viewer: Viewer, post_id: PostId, *, keeps_media: bool = False
    ) -> Post:
        """Replace one of the viewer's posts with a tombstone; return it as it was.

        Its files are deleted, or kept for a day so that they can be posted again.

        Raises:
            NotFoundError: There is none for this viewer.
            GoneError: It was deleted before.
            ForbiddenError: The viewer is not its author.
        """
        old = self.stores.posts.delete(
            post_id, viewer.id, at(self.clock()), keeps_media=keeps_media
        )
        if old is not None:
            self.attachments.release(viewer.id, sorted(old.media_ids))
        gone = old or self.stores.posts.get_many([post_id]).get(post_id)
        own = gone if gone and gone.author_id == viewer.id else None
        recipients = set(self.stores.notifications.forget(own)) if own else set()
        later_ids = self.stores.repeats.later(viewer.id, post_id)
        keys = invalidated_by_deletion(viewer.id, post_id, gone, recipients, later_ids)
        self.publication.withdraw(post_id, keys, recipients)
        if old is not None:
            self.previews.release(old.preview)
        if own is not None:
            self.stores.guest_replies.forget_post(post_id)
            self.purges.forget(of_post(post_id))
        return old if old is not None else self.permissions.own(viewer.id, post_id)

    def _compose(
        self,
        author_id: UserId,
        draft: Draft,
        post_id: PostId,
        media: tuple[Attachment, ...],
    ) -> Post:
        """Make the post, and check what it replies to and what it quotes."""
        parent = None
        if draft.in_reply_to_id is not None:
            parent = self.permissions.parent(author_id, draft.in_reply_to_id)
        draft = self.policies.of_new(author_id, draft, parent)
        draft, quoted = self.quoting.find(author_id, draft)
        entities = self.texts.of_draft(draft)
        return replace(
            _begun(author_id, draft, post_id, parent),
            media=media,
            quote_of_id=quoted.id if quoted else None,
            quote_of_author_id=quoted.author_id if quoted else None,
            is_quote=quoted is not None,
            **_addressed(entities, parent, author_id),
        )

    def _insert(self, post: Post, claim: Claim, draft: Draft) -> Post:
        """Insert a post; if another one has its id, draw a new id."""
        now = self.clock()
        fanout = pending(at(now), at(now + SWEEP_AFTER_MS))
        with self.attachments.placed(post.media, post):
            for _ in range(TRIES):
                try:
                    self.stores.posts.insert(post, claim.nonce, fanout)
                except ConflictError:
                    claim = self.claims.move(post.author_id, claim, draft)
                    post = _renumbered(post, claim.post_id)
                else:
                    return post
            raise ConflictError(lazy_gettext("Kwip is very busy right now. Try again."))

    def _edited(self, old: Post, asked: Edit) -> Post:
        media = self.attachments.edited(old, asked)
        draft = self.texts.clean(
            Draft(
                text=asked.text,
                warning=asked.warning,
                is_sensitive=asked.is_sensitive,
                attachment_ids=tuple(each.id for each in media),
                poll=_asked_poll(old, asked),
                quote_of_id=old.quote_of_id,
            )
        )
        new = replace(
            old,
            text=draft.text,
            warning=draft.warning,
            is_sensitive=draft.is_sensitive or old.is_marked,
            media=media,
            poll=_edited_poll(old, draft, at(self.clock())),
            **self.texts.of_edit(draft.text, old),
        )
        return self.stores.repeats.link(_with_addressees(new, old))

    def _only_view(self, viewer: Viewer | None, loader: Loader, post: Post) -> PostView:
        views = self.hydration.posts(viewer, loader, [Entry.of(post)])
        if post.id not in views:
            raise GoneError(lazy_gettext("This kwip was deleted."), post_id=post.id)
        return views[post.id]


def _begun(
    author_id: UserId, draft: Draft, post_id: PostId, parent: Post | None
) -> Post:
    """Return a new post without what has to be looked up for it."""
    visibility = draft.visibility
    if parent is not None:
        visibility = reply_visibility(parent.visibility, visibility)
    return Post(
        id=post_id,
        author_id=author_id,
        text=draft.text,
        warning=draft.warning,
        is_sensitive=draft.is_sensitive,
        poll=draft.poll.begin(at(ms_of(post_id))) if draft.poll else None,
        visibility=visibility,
        created_at=at(ms_of(post_id)),
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_author_id=parent.author_id if parent else None,
        root_id=parent.root_id if parent else post_id,
        quote_policy=draft.quote_policy or QuotePolicy.PUBLIC,
        reply_policy=draft.reply_policy or ReplyPolicy.PUBLIC,
        source=draft.source,
        language=draft.language,
    )


def _content(post: Post) -> tuple[object, ...]:
    return (post.text, post.warning, post.is_sensitive, post.media, post.poll)


def _asked_poll(old: Post, asked: Edit) -> NewPoll | None:
    if asked.keeps_poll:
        return old.poll.unchanged() if old.poll else None
    return asked.poll


def _edited_poll(old: Post, draft: Draft, now: dt.datetime) -> Poll | None:
    # No earlier round of votes has this number: each edit raises the version.
    asked = draft.poll
    return asked.begin(now, old.poll, old.version + 1) if asked else None


def _addressed(
    entities: TextEntities, parent: Post | None, author_id: UserId
) -> TextEntities:
    """Leave out those a reply addresses who do not take part in its conversation."""
    others = {parent.author_id, *parent.mentioned_ids} if parent else set()
    others.discard(author_id)
    mentions = (m for m in entities["mentions"] if m.is_in_text or m.user_id in others)
    return {**entities, "mentions": tuple(mentions)}


def _with_addressees(new: Post, old: Post) -> Post:
    """Keep whom a reply addressed without naming them, and a direct post's circle."""
    named = new.mentioned_ids
    beside = (m for m in old.mentions if not m.is_in_text and m.user_id not in named)
    mentions = (*beside, *new.mentions)
    if old.visibility is Visibility.DIRECT:
        mentions = tuple(m for m in mentions if m.user_id in old.mentioned_ids)
    return replace(new, mentions=mentions)


def _renumbered(post: Post, post_id: PostId) -> Post:
    root_id = post_id if post.root_id == post.id else post.root_id
    return replace(post, id=post_id, root_id=root_id, created_at=at(ms_of(post_id)))


def _keeps_quote() -> InvalidError:
    says = lazy_gettext("What a kwip quotes can't be changed.")
    return InvalidError(
        lazy_gettext("Check what you entered."), {"quoted_status_id": says}
    )
