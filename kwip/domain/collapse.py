"""Reposts of one post stand close together only once: the newest of them.

A pure rule of an entry and the few above it, so that every page of a timeline can work
it out for itself, wherever it begins and in whichever direction it is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from kwip.domain.ids import PostId
    from kwip.domain.timelines import Entry

#: An entry is left out if one of fewer than so many places above shows the same post.
WINDOW = 40
#: So many entries above an entry decide about it.
REACH = WINDOW - 1


def collapse(run: Sequence[Entry], visible: Container[PostId]) -> list[Entry]:
    """Give the visible entries that no visible one close above shows already.

    `run` is newest first, without gaps; of its first `REACH` entries less may be left
    out than should be. What is left out counts for those below it all the same: else
    all that is above would decide, without end.
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
    """Give those near a batch that show what an entry of the batch shows."""
    subjects = {entry.subject_id for entry in batch}
    return [entry for entry in near if entry.subject_id in subjects]
