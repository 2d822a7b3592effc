"""Mark posts as sensitive for moderators, whatever their authors chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.timelines.surrogate_keys import of_post

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.ids import PostId
    from kwip.services.coherence.fence import Fence
    from kwip.services.media.stored.purges import Purges
    from kwip.store.posting.marks import MarkStore


@dataclass(frozen=True, slots=True)
class Marks:
    """Mark posts as sensitive, and remove the mark. Both may be repeated."""

    store: MarkStore
    fence: Fence
    purges: Purges

    def mark(self, ids: Sequence[PostId]) -> None:
        """Cover the media of posts; an edit doesn't uncover them."""
        self.store.mark(ids)
        self._invalidate(ids)

    def unmark(self, ids: Sequence[PostId]) -> None:
        """Show the media of posts as their authors had chosen."""
        self.store.unmark(ids)
        self._invalidate(ids)

    def _invalidate(self, ids: Sequence[PostId]) -> None:
        self.fence.invalidate(invalidation_rules.mark_posts(post_ids=ids))
        for post_id in ids:
            self.purges.forget(of_post(post_id))
