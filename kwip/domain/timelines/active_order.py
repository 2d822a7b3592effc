"""The active order: a conversation moves up with its newest public or unlisted reply.

A reader who pages through it reads it as it was when they began: `as_of` is the highest
place of the first page. So nothing is skipped or shown twice, and conversations that
have moved since are on top after a reload.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwip.domain.posting.posts import Post
    from kwip.domain.timelines.id_lists import Between, Row

#: Home and lists offer this order for their newest entries, at most this many.
WINDOW = 400


def bumps_conversation(post: Post) -> bool:
    """Return whether a post moves its conversation up: a public or unlisted reply."""
    return post.in_reply_to_id is not None and post.visibility.is_open


def as_it_was(
    rows: Iterable[Row],
    moved: Iterable[Row],
    places: Mapping[int, int],
    wanted: Between,
) -> list[Row]:
    """Put moved rows back in their earlier places, highest first.

    `places` are the earlier places by post; a post without one stood at its own id,
    because it had no reply. A row that is found in both has moved meanwhile.
    """
    back = (row._replace(cursor=places.get(row.id, row.id)) for row in moved)
    inside = [row for row in back if wanted.above < row.cursor < wanted.below]
    both = ordered([*rows, *inside])
    return both[-wanted.limit :] if wanted.ascending else both[: wanted.limit]


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Sort rows by place, highest first, each post once."""
    unique = {row.id: row for row in rows}
    return sorted(unique.values(), key=_place, reverse=True)


def _place(row: Row) -> int:
    return row.cursor
