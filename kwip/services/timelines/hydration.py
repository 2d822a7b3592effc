"""Turn ids into views: posts and their authors, in one round trip, for one viewer.

A post is left out unless the viewer is known to be allowed to see it, and its author is
known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache.keys import PAGE_TTL_S
from kwip.domain.administration.discovery_rules import Place
from kwip.domain.clock import at
from kwip.domain.ids import UserId
from kwip.domain.posting.quotes import QuoteState, may_quote
from kwip.domain.posting.reactions import NO_REACTIONS, Reacted, Span, span_of
from kwip.domain.posting.replies import reply_rule
from kwip.domain.social.relationships import NO_RELATIONS, Relations
from kwip.domain.timelines.filters import is_limited
from kwip.domain.timelines.views import PostView, QuoteView
from kwip.domain.timelines.visibility import may_see
from kwip.services.reading.loader import Lookup
from kwip.text.filtering import matcher_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.domain.social.keyword_filters import Filtering, FilterMatch
    from kwip.domain.timelines.timelines import Entry
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader


@dataclass(frozen=True, slots=True)
class Hydration:
    """Turn ids into what one viewer gets.

    If `is_embedding`, it reads for other sites: it leaves out authors who do not want
    to be shown there, and reposts of theirs. `rules` say which links have no preview.
    """

    entities: Entities
    clock: ClockMs
    rules: Callable[[], DiscoveryRules]
    is_embedding: bool = False

    def relations(self, viewer: Viewer | None, loader: Loader) -> Relations:
        """Read the viewer's relations; an anonymous viewer has none."""
        if viewer is None:
            return NO_RELATIONS
        return loader.load(Lookup(self.entities.relations, [viewer.id]))[0][viewer.id]

    def posts(
        self,
        viewer: Viewer | None,
        loader: Loader,
        entries: Sequence[Entry],
        *,
        with_parents: bool = False,
        filtering: Filtering | None = None,
    ) -> dict[PostId, PostView]:
        """Hydrate entries; those that the viewer may not see are absent.

        So are those that `filtering` hides. One round trip to Redis (cold: two, and
        three queries) for any number of entries. With what replies reply to as far as
        the entries know it.
        """
        wanted = self.lookups(viewer, entries, with_parents=with_parents)
        posts, users, reactions = loader.load(*wanted)
        entries, known = [_with_quote(entry, posts) for entry in entries], entries
        if entries != known:  # they come from where quotes are not known
            wanted = self.lookups(viewer, entries, with_parents=with_parents)
            posts, users, reactions = loader.load(*wanted)
        relations = self.relations(viewer, loader)
        if self.is_embedding:
            users = {i: user for i, user in users.items() if user.is_embeddable}
        now_ms = self.clock()
        _note_expiry(loader, relations, now_ms)
        if bare := _without_previews(posts, self.rules()):
            posts = {**posts, **bare}
        maker = _ViewMaker(viewer, relations, users, reactions, now_ms, filtering)
        parents = posts if with_parents else {}
        views = (_view_of(entry, posts, maker, parents) for entry in entries)
        return {view.post.id: view for view in views if view and maker.shows(view)}

    def gone(self, loader: Loader, user_ids: Iterable[UserId]) -> set[UserId]:
        """Return the users who are hidden from everyone, with everything they wrote."""
        ids = sorted(user_ids)
        users = loader.load(Lookup(self.entities.users, ids))[0]
        return {i for i in ids if i not in users or not self._is_shown(users[i])}

    def silenced(self, loader: Loader, user_ids: Iterable[UserId]) -> set[UserId]:
        """Return which of some users are silenced."""
        users = loader.load(Lookup(self.entities.users, sorted(user_ids)))[0]
        return {i for i, user in users.items() if user.is_silenced}

    def _is_shown(self, user: User) -> bool:
        return not user.is_suspended and (user.is_embeddable or not self.is_embedding)

    def lookups(
        self,
        viewer: Viewer | None,
        entries: Sequence[Entry],
        *,
        with_parents: bool = False,
    ) -> tuple[
        Lookup[PostId, Post], Lookup[UserId, User], Lookup[tuple[UserId, Span], Reacted]
    ]:
        """Return the lookups that hydrate entries."""
        shown = {i for e in entries for i in (e.subject_id, e.quote_of_id) if i}
        ids = shown | {e.post_id for e in entries}
        if with_parents:  # their authors are read for their names anyway
            ids |= {e.parent_id for e in entries if e.parent_id}
        people = {
            user_id
            for e in entries
            for user_id in (
                *(e.author_id, e.reply_to_author_id),
                *(e.repost_of_author_id, e.quote_of_author_id),
            )
        }
        spans = () if viewer is None else {(viewer.id, span_of(i)) for i in shown}
        return (
            Lookup(self.entities.posts, sorted(ids)),
            Lookup(self.entities.users, sorted(people - {0})),
            Lookup(self.entities.reactions, sorted(spans)),
        )


class _ViewMaker:
    """The views of posts for one viewer, from everything that was loaded."""

    def __init__(
        self,
        viewer: Viewer | None,
        relations: Relations,
        users: Mapping[UserId, User],
        reactions: Mapping[tuple[UserId, Span], Reacted],
        now_ms: int,
        filtering: Filtering | None,
    ):
        self.viewer_id = None if viewer is None else viewer.id
        self.relations = relations
        self.users = users
        self._now_ms, self._now = now_ms, at(now_ms)
        self._filtering = filtering
        self._reactions = {span: found for (_, span), found in reactions.items()}

    def view(
        self,
        post: Post | None,
        reposted: PostView | None = None,
        quote: QuoteView | None = None,
        parent: Post | None = None,
    ) -> PostView | None:
        """Make the view of a post that is visible and whose author is not gone."""
        author = None if post is None else self._author_shown(post)
        if post is None or author is None:
            return None
        reacted = self._reactions.get(span_of(post.id), NO_REACTIONS)
        answered = post.in_reply_to_author_id
        addressee = None if answered is None else self.users.get(answered)
        if addressee is not None and addressee.is_suspended:
            addressee = None
        filtered = self._filtered(post) if reposted is None else reposted.filtered
        is_follower = post.author_id in self.relations.follows
        return PostView(
            post=post,
            author=author,
            is_own=post.author_id == self.viewer_id,
            is_author_muted=post.author_id in self.relations.mutes,
            is_author_limited=is_limited(self.viewer_id, self.relations, author),
            is_conversation_muted=post.root_id in self.relations.conversations,
            is_conversation_followed=post.root_id in self.relations.followed,
            in_reply_to_username=None if addressee is None else addressee.username,
            parent=parent,
            reposted=reposted,
            quote=quote,
            may_quote=may_quote(self.viewer_id, post, is_follower=is_follower),
            may_reply=reply_rule(self.viewer_id, post, is_follower=is_follower),
            is_favourited=post.id in reacted.favourites,
            is_bookmarked=post.id in reacted.bookmarks,
            is_reposted=post.id in reacted.reposts,
            own_votes=_votes(post, reacted),
            is_poll_over=post.poll is not None and post.poll.is_over(self._now),
            filtered=filtered,
            folded_by=self._filtering.folded_by(filtered) if self._filtering else "",
        )

    def shows(self, view: PostView) -> bool:
        """Return whether no filter leaves a post out."""
        subject = view.shown
        return self._filtering is None or not (
            subject.filtered
            and self._filtering.hides(subject.post.id, subject.filtered)
        )

    def _filtered(self, post: Post) -> tuple[FilterMatch, ...]:
        """Return the filters that match a post; none do if it is the viewer's own."""
        if not self.relations.filters or post.author_id == self.viewer_id:
            return ()
        return matcher_of(self.relations.filters).matches(post, self._now_ms)

    def _author_shown(self, post: Post) -> User | None:
        """Return the author of a post that is visible; None if either is not."""
        author = self.users.get(post.author_id)
        if author is None or author.is_suspended:
            return None
        return author if may_see(self.viewer_id, self.relations, post) else None

    def parent(self, post: Post | None, parents: Mapping[PostId, Post]) -> Post | None:
        """Return what a post replies to, if the viewer is shown what that says."""
        if post is None or post.in_reply_to_id is None:
            return None
        parent = parents.get(post.in_reply_to_id)
        if parent is None or parent.author_id in self.relations.mutes:
            return None
        if self._author_shown(parent) is None:
            return None
        filtered = self._filtering and self._filtering.folded_by(self._filtered(parent))
        return None if filtered else parent

    def quote(
        self, post: Post | None, posts: Mapping[PostId, Post]
    ) -> QuoteView | None:
        """Make the view of what a post quotes; None if it quotes nothing.

        Whether it was deleted is said only of what had been visible to everyone.
        """
        if post is None or post.quote_of_id is None or post.is_tombstone:
            return None
        if not post.is_quote:
            return QuoteView(QuoteState.REVOKED)
        quoted = posts.get(post.quote_of_id)
        if quoted is None or (quoted.is_tombstone and quoted.visibility.is_open):
            return QuoteView(QuoteState.DELETED)
        view = self.view(quoted)
        if view is None:
            return QuoteView(QuoteState.UNAUTHORIZED)
        if view.is_author_muted:
            return QuoteView(QuoteState.MUTED_ACCOUNT, view)
        return QuoteView(QuoteState.ACCEPTED, view)


def _note_expiry(loader: Loader, relations: Relations, now_ms: int) -> None:
    """Let no page be cached that a filter is part of which ends before it."""
    for each in relations.filters:
        if each.is_active(now_ms) and not each.is_active(now_ms + PAGE_TTL_S * 1_000):
            loader.bypass()


def _without_previews(
    posts: Mapping[PostId, Post], rules: DiscoveryRules
) -> dict[PostId, Post]:
    """Return the posts with links whose domains get no preview, without theirs."""
    if not rules.rules:
        return {}
    return {
        i: replace(post, preview=None)
        for i, post in posts.items()
        if post.preview and not rules.link_may(Place.PREVIEWS, post.preview.url)
    }


def _votes(post: Post, reacted: Reacted) -> tuple[int, ...]:
    ballot = reacted.ballots.get(post.id)
    return () if post.poll is None or ballot is None else post.poll.choices(ballot)


def _view_of(
    entry: Entry,
    posts: Mapping[PostId, Post],
    maker: _ViewMaker,
    parents: Mapping[PostId, Post],
) -> PostView | None:
    """Make the view of an entry; a repost's only with the post it reposts."""
    post = posts.get(entry.subject_id)
    quote, parent = maker.quote(post, posts), maker.parent(post, parents)
    shown = maker.view(post, quote=quote, parent=parent)
    if shown is None or not entry.is_repost:
        return shown
    return maker.view(posts.get(entry.post_id), reposted=shown)


def _with_quote(entry: Entry, posts: Mapping[PostId, Post]) -> Entry:
    """Add to an entry what its post quotes, if it did not know."""
    post = posts.get(entry.subject_id)
    if entry.quote_of_id or post is None or not post.is_quote or not post.quote_of_id:
        return entry
    author_id = post.quote_of_author_id or UserId(0)
    return entry._replace(quote_of_id=post.quote_of_id, quote_of_author_id=author_id)
