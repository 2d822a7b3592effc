"""Hashtags: which are requested, and whether the viewer follows one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from kwip.domain.posts import Post

#: Their newest posts are read for each page of home, all in one round trip.
MAX_FOLLOWED_TAGS = 32


class TagDay(NamedTuple):
    """How often a hashtag was used on a day (UTC), and by how many people."""

    begins_s: int
    uses: int
    people: int


@dataclass(frozen=True, slots=True)
class TagView:
    """A hashtag by its folded name, and whether the viewer follows it.

    `history` is its use on the latest days, the newest first; empty if not counted.
    """

    name: str
    is_following: bool = False
    history: tuple[TagDay, ...] = ()


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Which hashtags are requested, by folded name.

    One of `any_of` (at least one), all of `all_of`, and none of `none_of`.
    """

    any_of: tuple[str, ...]
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def shows(self, post: Post) -> bool:
        """Return whether a post with one of `any_of` is requested."""
        return all(map(post.has_hashtag, self.all_of)) and not any(
            map(post.has_hashtag, self.none_of)
        )
