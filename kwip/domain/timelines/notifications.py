"""Notifications: what others did that concerns a user, and who is notified of what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.clock import at
from kwip.domain.ids import MAX_ID, NOBODY, PostId, UserId, ms_of
from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines.filters import may_notify
from kwip.domain.timelines.slices import NextToCursor, RowChunk
from kwip.domain.timelines.timelines import Entry

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from kwip.domain.accounts.users import User
    from kwip.domain.moderation.strikes import Strike
    from kwip.domain.posting.posts import Post
    from kwip.domain.social.relationships import Relations
    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.views import PostView

#: Unread notifications are counted up to this number.
MAX_UNREAD = 100
#: The placeholder for no reply and no repost.
NO_POST = PostId(0)


class NotificationKind(StrEnum):
    """What was done; documents store the word."""

    MENTION = "mention"
    REPLY = "reply"
    REPOST = "repost"
    FAVOURITE = "favourite"
    FOLLOW = "follow"
    POST = "post"
    POLL = "poll"
    QUOTE = "quote"
    FOLLOW_REQUEST = "follow_request"
    CONVERSATION = "conversation"
    MODERATION = "moderation_warning"
    BUZZ = "buzz"
    INVITATION = "invitation"
    GUEST_REPLY = "guest_reply"

    @property
    def number(self) -> int:
        """Its place in the order above, which cached slices store."""
        return _NUMBERS[self]


KINDS = tuple(NotificationKind)
_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
EVERY_KIND = frozenset(KINDS)
#: Mastodon's word for each kind; a reply is a mention there, and one in a followed
#: conversation a new status. Apps skip types that they don't know, as each version of
#: Mastodon brings some.
APP_TYPES: Mapping[NotificationKind, str] = {
    NotificationKind.MENTION: "mention",
    NotificationKind.REPLY: "mention",
    NotificationKind.REPOST: "reblog",
    NotificationKind.FAVOURITE: "favourite",
    NotificationKind.FOLLOW: "follow",
    NotificationKind.POST: "status",
    NotificationKind.POLL: "poll",
    NotificationKind.QUOTE: "quote",
    NotificationKind.FOLLOW_REQUEST: "follow_request",
    NotificationKind.CONVERSATION: "status",
    NotificationKind.MODERATION: "moderation_warning",
    NotificationKind.BUZZ: "kwip:buzz",
    NotificationKind.INVITATION: "kwip:invitation",
    NotificationKind.GUEST_REPLY: "kwip:guest_reply",
}
#: What is about nothing that its actor wrote, so that it does not go with a post.
NUDGES = frozenset({NotificationKind.BUZZ, NotificationKind.INVITATION})
#: What the tab for mentions shows.
SPOKEN_TO = frozenset({NotificationKind.MENTION, NotificationKind.REPLY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A notification for one recipient. `seq` is its id: its time, and its place.

    `post_id` is the post itself (a reply, a repost, a quote) or the one that was
    favourited, whose poll has ended or to which the recipient is invited, 0 for a
    follow, a request to follow or a buzz. Who gets the reply of a guest is its actor
    too. `author_id` is the author of the post of an invitation, or 0: of the others,
    the actor or the recipient is. What a moderator decided about the recipient has the
    id of the strike as its `seq`, and the recipient as its actor, because people are
    not told which moderator it was.
    `reply_to_author_id` is the author that this post replies to, `repost_of_id` the
    reposted post, `quote_of_id` and `quote_of_author_id` are of what it quotes, or 0.
    """

    recipient_id: UserId
    kind: NotificationKind
    actor_id: UserId
    seq: int
    post_id: PostId = NO_POST
    reply_to_author_id: UserId = NOBODY
    repost_of_id: PostId = NO_POST
    quote_of_id: PostId = NO_POST
    quote_of_author_id: UserId = NOBODY
    author_id: UserId = NOBODY

    @property
    def name(self) -> str:
        """Return its unique name, the same if the act is repeated.

        All notifications of one post to one recipient share a name.
        """
        match self.kind:
            case (
                NotificationKind.FOLLOW
                | NotificationKind.FOLLOW_REQUEST
                | NotificationKind.BUZZ
            ):
                source = f"{self.kind.value}:{self.actor_id}"
            case NotificationKind.FAVOURITE:
                source = f"favourite:{self.post_id}:{self.actor_id}"
            case NotificationKind.REPOST:
                source = f"repost:{self.repost_of_id}:{self.post_id}"
            case NotificationKind.MODERATION:
                source = f"moderation:{self.seq}"
            case NotificationKind.INVITATION:
                source = f"invitation:{self.post_id}:{self.actor_id}"
            case NotificationKind.GUEST_REPLY:
                source = f"guest_reply:{self.post_id}"
            case NotificationKind.POLL:
                source = f"poll:{self.post_id}"
            case _:
                source = f"post:{self.post_id}"
        return f"{self.recipient_id}:{source}"


class NotificationRow(NamedTuple):
    """One notification of a slice: all that hydration needs, as numbers."""

    cursor: int
    kind_number: int
    actor_id: UserId
    post_id: PostId
    reply_to_author_id: UserId
    repost_of_id: PostId
    quote_of_id: PostId = NO_POST
    quote_of_author_id: UserId = NOBODY
    author_id: UserId = NOBODY

    @property
    def kind(self) -> NotificationKind:
        """What was done."""
        return KINDS[self.kind_number]

    def entry(self, recipient_id: UserId) -> Entry | None:
        """Return the entry of its post, ready to be hydrated; None for a follow."""
        if not self.post_id:
            return None
        is_own = self.kind is NotificationKind.FAVOURITE
        return Entry(
            self.post_id,
            recipient_id if is_own else self.author_id or self.actor_id,
            self.reply_to_author_id,
            self.repost_of_id,
            recipient_id if self.repost_of_id else NOBODY,
            self.quote_of_id,
            self.quote_of_author_id,
        )


@dataclass(frozen=True, slots=True)
class Selection:
    """Which notifications to read: some kinds or all, by one user or all."""

    kinds: frozenset[NotificationKind] = EVERY_KIND
    actor_id: UserId = NOBODY


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class NotificationSlice(NextToCursor):
    """A part of a user's notifications: the rows next to a cursor."""

    user_id: UserId
    wanted: Selection = EVERYTHING
    cursor: int = MAX_ID
    is_upwards: bool = False

    @classmethod
    def first(
        cls, user_id: UserId, page: PageRequest, wanted: Selection
    ) -> NotificationSlice:
        """Return the slice that a page begins with."""
        is_upwards = page.min_id is not None
        cursor = page.upper if page.min_id is None else page.min_id
        return cls(user_id, wanted, cursor, is_upwards=is_upwards)

    @property
    def variant(self) -> str:
        """The field of the entity's hash that stores it."""
        kinds = "".join(f"{k.number:x}" for k in KINDS if k in self.wanted.kinds)
        return f"{self.place('.3')}:{kinds}:{self.wanted.actor_id}"


NotificationChunk = RowChunk[NotificationRow]


@dataclass(frozen=True, slots=True)
class Unread:
    """Who did what above the read marker: at most `MAX_UNREAD` rows.

    Nothing of the `hidden_kinds`, which the user does not want on pages.
    """

    last_read_id: int
    actor_ids: tuple[UserId, ...]
    hidden_kinds: frozenset[NotificationKind] = frozenset()

    def count(self, relations: Relations) -> int:
        """Count what the page would show, as far as relations decide it."""
        return sum(may_notify(relations, actor) for actor in self.actor_ids)


NOTHING_UNREAD = Unread(0, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationView:
    """A notification for its recipient; of a repost, `post` is the recipient's post.

    `strike` is what a moderator decided, if it is about that.
    """

    id: int
    kind: NotificationKind
    actor: User
    post: PostView | None = None
    strike: Strike | None = None
    is_new: bool = False

    @property
    def created_at(self) -> dt.datetime:
        """When it happened."""
        return at(ms_of(self.id))


@dataclass(frozen=True, slots=True)
class NotificationGroup:
    """Notifications of a page that are shown as one sentence, newest first."""

    views: tuple[NotificationView, ...]

    @property
    def newest(self) -> NotificationView:
        """The newest of them, which stands for all."""
        return self.views[0]

    @property
    def actors(self) -> tuple[User, ...]:
        """Who did it, each once, most recent first."""
        return tuple({view.actor.id: view.actor for view in self.views}.values())


def grouped(views: Iterable[NotificationView]) -> tuple[NotificationGroup, ...]:
    """Group notifications that read as one sentence; each group at its newest place.

    Favourites and reposts of one post within a page are grouped, and adjacent follows
    or buzzes; unread notifications are not grouped with read ones.
    """
    groups: dict[object, list[NotificationView]] = {}
    last: object = None
    for view in views:
        key: object = view.id
        if view.kind in {NotificationKind.FOLLOW, NotificationKind.BUZZ}:
            is_next = isinstance(last, tuple) and last[:2] == (view.kind, view.is_new)
            key = last if is_next else (view.kind, view.is_new, view.id)
        elif view.kind in {NotificationKind.FAVOURITE, NotificationKind.REPOST}:
            post_id = 0 if view.post is None else view.post.post.id
            key = (view.kind, view.is_new, post_id)
        groups.setdefault(key, []).append(view)
        last = key
    return tuple(NotificationGroup(tuple(group)) for group in groups.values())


def addressed(post: Post) -> dict[UserId, NotificationKind]:
    """Return whom a new post addresses, and as what: a reply before a quote or mention.

    The author is not included. The authors of what it replies to and quotes may still
    not be allowed to see it: `recipients_who_must_follow` returns who must be checked.
    """
    if post.repost_of_author_id is not None:
        kinds = {post.repost_of_author_id: NotificationKind.REPOST}
    else:
        kinds = dict.fromkeys(post.mentioned_ids, NotificationKind.MENTION)
        is_direct = post.visibility is Visibility.DIRECT
        for author_id, kind in (
            (post.quote_of_author_id, NotificationKind.QUOTE),
            (post.in_reply_to_author_id, NotificationKind.REPLY),
        ):
            if author_id is not None and (not is_direct or author_id in kinds):
                kinds[author_id] = kind
    kinds.pop(post.author_id, None)
    return kinds


def recipients_who_must_follow(post: Post) -> set[UserId]:
    """Return who is addressed but only sees the post if they follow its author."""
    if post.visibility is not Visibility.FOLLOWERS:
        return set()
    authors = (post.in_reply_to_author_id, post.quote_of_author_id)
    return {i for i in authors if i is not None} - post.mentioned_ids


def is_for_subscribers(post: Post) -> bool:
    """Return whether the author's subscribers are notified of a post.

    Not of reposts, nor of replies to others.
    """
    return (
        post.visibility is not Visibility.DIRECT
        and post.repost_of_id is None
        and post.in_reply_to_author_id in {None, post.author_id}
    )


def is_for_conversation(post: Post) -> bool:
    """Return whether those who follow its conversation are notified of a post."""
    return post.in_reply_to_id is not None and post.visibility is not Visibility.DIRECT


def of_post(
    post: Post, recipient_id: UserId, kind: NotificationKind, *, seq: int
) -> Notification:
    """Make the notification of a post or repost, at the place `seq`."""
    return Notification(
        recipient_id=recipient_id,
        kind=kind,
        actor_id=post.author_id,
        seq=seq,
        post_id=post.id,
        reply_to_author_id=post.in_reply_to_author_id or NOBODY,
        repost_of_id=post.repost_of_id or NO_POST,
        quote_of_id=post.quote_of_id or NO_POST,
        quote_of_author_id=post.quote_of_author_id or NOBODY,
    )
