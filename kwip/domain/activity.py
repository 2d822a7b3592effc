"""The active order: a conversation moves up with its newest public or unlisted reply.

Whoever pages through it while conversations move up reads it as it stood when they
began: `as_of` is the highest place of the first page. So nothing is skipped, nothing
is shown twice, and what has moved since is on top for whoever restarts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwip.domain.id_lists import Between, Row

#: Home and lists know this order of so many of their newest entries.
WINDOW = 400


def as_it_was(
    rows: Iterable[Row],
    moved: Iterable[Row],
    places: Mapping[int, int],
    wanted: Between,
) -> list[Row]:
    """Put what has moved back to its place among rows that have not, highest first.

    `places` are those of then by post; what has none stood at itself, for nobody had
    answered it. A row that is found in both has moved meanwhile.
    """
    back = (row._replace(cursor=places.get(row.id, row.id)) for row in moved)
    inside = [row for row in back if wanted.above < row.cursor < wanted.below]
    both = ordered([*rows, *inside])
    return both[-wanted.limit :] if wanted.ascending else both[: wanted.limit]


def ordered(rows: Iterable[Row]) -> list[Row]:
    """Sort rows by their places, the highest first, each post once."""
    unique = {row.id: row for row in rows}
    return sorted(unique.values(), key=_place, reverse=True)


def _place(row: Row) -> int:
    return row.cursor
