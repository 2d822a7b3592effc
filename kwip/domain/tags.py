"""Hashtags that one follows: what comes into home because of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.timelines import shows_listed

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.relationships import Relations
    from kwip.domain.timelines import Entry

#: Their newest posts are read for each page of home, all in one round trip.
MAX_FOLLOWED_TAGS = 32


@dataclass(frozen=True, slots=True)
class TagView:
    """A hashtag by its folded name, and whether the viewer follows it."""

    name: str
    is_following: bool = False


def shows_tagged(viewer_id: UserId, relations: Relations, entry: Entry) -> bool:
    """Tell whether home shows a public post because of a hashtag that one follows.

    Nothing by whom exclusive lists keep out of home, and no answers to others; what
    home shows by itself it shows all the same.
    """
    author = entry.author_id
    return (
        author != viewer_id
        and author not in relations.exclusive
        and entry.reply_to_id in (0, author)
        and shows_listed(relations, author)
    )
