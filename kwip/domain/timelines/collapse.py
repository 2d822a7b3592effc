"""Of reposts of one post that are close together, only the newest is shown.

Whether an entry is shown depends only on it and the few above it, so every page of a
timeline can decide for itself, wherever it begins and in either direction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from kwip.domain.ids import PostId
    from kwip.domain.timelines.timelines import Entry

#: An entry is left out if fewer than this many places above shows the same post.
WINDOW = 40
#: How many entries above an entry can affect it.
REACH = WINDOW - 1


def collapse(run: Sequence[Entry], visible: Container[PostId]) -> list[Entry]:
    """Return the visible entries, without those that a visible one close above shows.

    `run` is newest first, without gaps; of its first `REACH` entries, some that should
    be hidden may remain. Entries that are hidden still count for those below them:
    otherwise the result would depend on everything above, without limit.
    """
    place_of: dict[PostId, int] = {}
    kept = []
    for place, entry in enumerate(run):
        if entry.post_id not in visible:
            continue
        above = place_of.get(entry.subject_id)
        if above is None or place - above >= WINDOW:
            kept.append(entry)
        place_of[entry.subject_id] = place
    return kept


def suspects(batch: Sequence[Entry], near: Sequence[Entry]) -> list[Entry]:
    """Return entries near a batch that show the same post as one in the batch."""
    subjects = {entry.subject_id for entry in batch}
    return [entry for entry in near if entry.subject_id in subjects]
