"""What two users are to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.clock import at

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import PostId, UserId
    from kwip.domain.social.keyword_filters import FilterSet

#: How many conversations a user can mute, or follow; of more, the oldest are dropped,
#: because they are read with every page.
MAX_CONVERSATIONS = 500
#: The longest private note, as in Mastodon.
NOTE_MAX = 2_000
#: The longest mute with an end, in seconds; more is meant to have none.
MAX_MUTE_S = 5 * 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """What a viewer is to others: follows, mutes, blocks both ways, and so on.

    One cached entity per viewer: the read rules need all of it at once.

    Attributes:
        notifies: Followees whose every post the viewer is notified of.
        exclusive: Members of the viewer's exclusive lists, which home leaves out.
        requested: Users that the viewer has asked to follow.
        no_reposts: Followees whose reposts the viewer does not see.
        heard: Muted users who may still notify the viewer.
        conversations: The roots of conversations that the viewer has muted.
        followed: The roots of conversations that the viewer follows.
        noted: Users that the viewer has a note about.
        tags: Hashtags that the viewer follows.
        filters: Words and posts that the viewer does not want to see.
        mute_ends: When mutes end, in milliseconds, for those that do.
    """

    follows: frozenset[UserId] = frozenset()
    mutes: frozenset[UserId] = frozenset()
    blocks: frozenset[UserId] = frozenset()
    blocked_by: frozenset[UserId] = frozenset()
    notifies: frozenset[UserId] = frozenset()
    exclusive: frozenset[UserId] = frozenset()
    requested: frozenset[UserId] = frozenset()
    no_reposts: frozenset[UserId] = frozenset()
    heard: frozenset[UserId] = frozenset()
    conversations: frozenset[PostId] = frozenset()
    followed: frozenset[PostId] = frozenset()
    noted: frozenset[UserId] = frozenset()
    tags: frozenset[str] = frozenset()
    filters: FilterSet = ()
    mute_ends: tuple[tuple[UserId, int], ...] = ()

    def has_block(self, other_id: UserId) -> bool:
        """Return whether either of the two blocks the other."""
        return other_id in self.blocks or other_id in self.blocked_by


NO_RELATIONS = Relations()


@dataclass(frozen=True, slots=True, kw_only=True)
class Relationship:
    """All flags between a viewer and the user `id`."""

    id: UserId
    is_following: bool = False
    is_followed_by: bool = False
    is_blocking: bool = False
    is_blocked_by: bool = False
    is_muting: bool = False
    is_notifying: bool = False
    is_requested: bool = False
    is_requested_by: bool = False
    is_endorsed: bool = False
    hides_reposts: bool = False
    hides_notifications: bool = False
    mute_ends_at: dt.datetime | None = None
    note: str = ""

    @property
    def shows_reposts(self) -> bool:
        """Whether the viewer sees what this user reposts."""
        return self.is_following and not self.hides_reposts


def relationship(
    viewer_id: UserId, mine: Relations, user_id: UserId, theirs: Relations
) -> Relationship:
    """Return what two users are to each other, by the relations of both."""
    ends_ms = dict(mine.mute_ends).get(user_id) if mine.mute_ends else None
    is_muting = user_id in mine.mutes
    return Relationship(
        id=user_id,
        is_following=user_id in mine.follows,
        is_followed_by=viewer_id in theirs.follows,
        is_blocking=user_id in mine.blocks,
        is_blocked_by=user_id in mine.blocked_by,
        is_muting=is_muting,
        is_notifying=user_id in mine.notifies,
        is_requested=user_id in mine.requested,
        is_requested_by=viewer_id in theirs.requested,
        hides_reposts=user_id in mine.no_reposts,
        hides_notifications=is_muting and user_id not in mine.heard,
        mute_ends_at=at(ends_ms) if ends_ms else None,
    )


@dataclass(frozen=True, slots=True)
class MuteTerms:
    """How long a user is muted, and whether their notifications are hidden too.

    0 seconds stand for a mute without an end.
    """

    duration_s: int = 0
    hides_notifications: bool = True


@dataclass(frozen=True, slots=True)
class FollowOptions:
    """What a follower wants of a user's posts; None keeps it as it is."""

    notify: bool | None = None
    hides_reposts: bool | None = None


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """The relationship of two users after the viewer's follow has ended.

    `left_lists` is the number of the viewer's lists that the other user was removed
    from.
    """

    relationship: Relationship
    left_lists: int
