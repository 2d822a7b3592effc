"""What two users are to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwip.domain.ids import PostId, UserId
    from kwip.domain.keyword_filters import FilterSet

#: Of more, those that were muted first are dropped: they are read with every page.
MAX_MUTED_CONVERSATIONS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Relations:
    """Everybody whom a viewer follows, mutes or blocks, and who blocks the viewer.

    `notifies` are followees whose every post the viewer is notified of, `exclusive`
    those whom a list of the viewer keeps out of home, `requested` those whom the viewer
    has asked to follow, `tags` the hashtags that the viewer follows, `conversations`
    the roots of those that the viewer has muted, `filters` words and posts that the
    viewer does not want to see. One cached entity per viewer: the read rules need all
    of it at once.
    """

    follows: frozenset[UserId] = frozenset()
    mutes: frozenset[UserId] = frozenset()
    blocks: frozenset[UserId] = frozenset()
    blocked_by: frozenset[UserId] = frozenset()
    notifies: frozenset[UserId] = frozenset()
    exclusive: frozenset[UserId] = frozenset()
    requested: frozenset[UserId] = frozenset()
    conversations: frozenset[PostId] = frozenset()
    tags: frozenset[str] = frozenset()
    filters: FilterSet = ()

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


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """The relationship of two users after the viewer's follow has ended.

    `left_lists` is the number of the viewer's lists that the other user was removed
    from.
    """

    relationship: Relationship
    left_lists: int
