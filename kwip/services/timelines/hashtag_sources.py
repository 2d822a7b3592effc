"""Merge followed hashtags into home while it is read."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from kwip.domain.timelines import pushdown
from kwip.domain.timelines.filters import hidden_by, known_to
from kwip.services.timelines.merging import MergeSource, noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.ids import UserId
    from kwip.domain.social.relationships import Relations
    from kwip.domain.timelines.pushdown import Pushdown
    from kwip.domain.timelines.timelines import Chunk, Entry
    from kwip.services.reading.loader import Kind
    from kwip.services.reading.slices import Slice

    Queried = Callable[[int], Iterator[Entry]]


class HashtagSources:
    """The hashtags that a viewer follows, as sources to merge into one read of home.

    An entry does not name its hashtags, so the ids that came from them are noted in
    `ids`. `home` is the filter of home without them.
    """

    def __init__(
        self,
        kind: Kind[Slice, Chunk],
        viewer_id: UserId,
        relations: Relations,
        home: Pushdown,
    ):
        self._home = home
        self._viewer_id = viewer_id
        self._relations = relations
        self.ids: set[int] = set()
        self.sources = [
            MergeSource(kind, tag, noted=self.ids) for tag in sorted(relations.tags)
        ]

    def queried(
        self, read: Callable[[Pushdown], Queried], *, is_upwards: bool
    ) -> Queried:
        """Go on after an entry, with the query of home and one per hashtag."""

        def merged(last_id: int) -> Iterator[Entry]:
            runs = [noted(read(each)(last_id), self.ids) for each in self._tagged()]
            home = read(self._home)(last_id)
            return merge_once([home, *runs], is_upwards=is_upwards)

        return merged

    def _tagged(self) -> list[Pushdown]:
        relations = self._relations
        hidden = hidden_by(relations) | relations.exclusive
        return [
            pushdown.Pushdown(
                hidden=hidden,
                tag=tag,
                known=known_to(self._viewer_id, relations),
                viewer_id=self._viewer_id,
                addressees=frozenset(),
            )
            for tag in sorted(relations.tags)
        ]


def merge_once(runs: Sequence[Iterator[Entry]], *, is_upwards: bool) -> Iterator[Entry]:
    """Merge entries in reading order, without duplicates."""
    order = 1 if is_upwards else -1
    last = None
    for entry in heapq.merge(*runs, key=lambda e: order * e.post_id):
        if entry.post_id != last:
            yield entry
        last = entry.post_id
