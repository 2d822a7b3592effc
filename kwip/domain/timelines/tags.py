"""Hashtags: which are requested, and what home shows because of followed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.timelines.timelines import shows_listed

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.posts import Post
    from kwip.domain.relationships import Relations
    from kwip.domain.timelines.timelines import Entry

#: Their newest posts are read for each page of home, all in one round trip.
MAX_FOLLOWED_TAGS = 32


@dataclass(frozen=True, slots=True)
class TagView:
    """A hashtag by its folded name, and whether the viewer follows it."""

    name: str
    is_following: bool = False


@dataclass(frozen=True, slots=True)
class TagWish:
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


def shows_tagged(viewer_id: UserId, relations: Relations, entry: Entry) -> bool:
    """Return whether home shows a public post because of a followed hashtag.

    No posts by people whom exclusive lists keep out of home, and no replies to others;
    what home shows anyway is not affected.
    """
    author = entry.author_id
    return (
        author != viewer_id
        and author not in relations.exclusive
        and entry.reply_to_id in (0, author)
        and shows_listed(relations, author)
    )
