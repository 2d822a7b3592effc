"""Views: what one viewer sees, ready for a schema or a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.social.relationships import NO_RELATIONS, relationship
from kwip.domain.timelines.pages import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.domain.posting.quotes import QuoteState
    from kwip.domain.social.keyword_filters import FilterMatch
    from kwip.domain.social.relationships import Relations, Relationship


@dataclass(frozen=True, slots=True)
class QuoteView:
    """What a post quotes, for one viewer; `view` is None if it is not shown.

    What the quoted post quotes itself is not shown: its view has no quote.
    """

    state: QuoteState
    view: PostView | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostView:
    """A post with its author, for one viewer.

    For a repost, `reposted` is the original post, which has the viewer's flags.
    `in_reply_to_username` is the user it replies to, if known, and `parent` the post
    that it replies to, if it was asked for and the viewer is shown what it says.
    `quote` is what it quotes, and `may_quote` says whether the viewer may quote it;
    `may_reply` is None for a reply, if that depends on the first post.
    `is_author_limited` says that a silence hides its author from the viewer where
    nobody asked for them. `own_votes` are the options of its poll that the viewer
    chose. `filtered` are the viewer's filters that match it, and `folded_by` is the
    title of one that applies to the page. `place` is where it is in a list whose order
    is not that of the posts.
    """

    post: Post
    author: User
    is_own: bool = False
    is_author_muted: bool = False
    is_author_limited: bool = False
    is_conversation_muted: bool = False
    is_conversation_followed: bool = False
    in_reply_to_username: str | None = None
    parent: Post | None = None
    reposted: PostView | None = None
    quote: QuoteView | None = None
    may_quote: bool = False
    may_reply: bool | None = False
    is_favourited: bool = False
    is_bookmarked: bool = False
    is_reposted: bool = False
    own_votes: tuple[int, ...] = ()
    is_poll_over: bool = False
    filtered: tuple[FilterMatch, ...] = ()
    folded_by: str = ""
    place: int | None = None

    @property
    def cursor(self) -> int:
        """The value after which the next page of a list begins."""
        return self.post.id if self.place is None else self.place

    @property
    def shown(self) -> PostView:
        """The view with the text: the reposted one, or itself."""
        return self.reposted or self

    @property
    def is_repeat(self) -> bool:
        """Return whether it is folded where repeats are; the viewer's own never are."""
        return self.post.repeats_id is not None and not self.is_own

    @property
    def has_voted(self) -> bool:
        """Return whether the viewer has voted; authors cannot, and see the results."""
        return self.is_own or bool(self.own_votes)

    @property
    def poll_state(self) -> str:
        """The state of its poll, if it has one (see `Poll.state`)."""
        return self.post.poll.state(is_over=self.is_poll_over) if self.post.poll else ""

    @property
    def shows_votes(self) -> bool:
        """Return whether the counts of its poll are shown, if it has one."""
        poll = self.post.poll
        return poll is None or not poll.hides_totals or self.is_poll_over

    @property
    def is_pinned(self) -> bool:
        """Return whether its author has pinned it to the profile."""
        return self.post.id in self.author.pinned_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A user with their relationship to the viewer (None if nobody is signed in)."""

    user: User
    relationship: Relationship | None = None
    is_own: bool = False

    @classmethod
    def of(cls, user: User, viewer: Viewer | None, relations: Relations) -> UserView:
        """Make the view of a user; whether they follow the viewer is left out."""
        if viewer is None:
            return cls(user=user)
        tie = relationship(viewer.id, relations, user.id, NO_RELATIONS)
        return cls(user=user, relationship=tie, is_own=user.id == viewer.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadView:
    """A post between its ancestors (oldest first) and its replies.

    `descendants` are in reading order: each reply is followed by its own replies.
    `depths` says for each how many steps it is below the post. `hidden` is the number
    of deleted posts among them (others that are hidden are not counted).

    It may be a part: `is_first` says that it begins with the first reply, `next_after`
    is the reply after which the next part begins, and `goes_above` says that there are
    more ancestors. `is_cut` says that the conversation is too long to be read to its
    end.
    """

    ancestors: tuple[PostView, ...]
    post: PostView
    descendants: tuple[PostView, ...]
    depths: tuple[int, ...]
    hidden: int = 0
    is_first: bool = True
    next_after: PostId | None = None
    goes_above: bool = False
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPage(Page[PostView]):
    """A page of a conversation in reading order.

    `post` is the one that it is read around. `parents` has for each post the nearest
    one above it that is on the same page, if there is one: what lies between them is
    hidden.
    """

    post: PostView
    parents: Mapping[PostId, PostId]
