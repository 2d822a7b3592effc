"""Rearrange lists: backfill, purge and rebuild; remove what a deleted list leaves.

Works like `home_backfill`, under the same kind of lease on the timeline's document.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.store.social.list_edges import list_of

if TYPE_CHECKING:
    from kwip.domain.ids import ListId, UserId
    from kwip.services.coherence.fence import Fence
    from kwip.services.delivery.compaction import Compactor
    from kwip.store.social.list_edges import ListEdgeStore
    from kwip.store.social.lists import ListStore
    from kwip.store.timelines.timelines import TimelineStore


@dataclass(frozen=True, slots=True)
class ListBackfill:
    """Make lists store what their current members say."""

    lists: ListStore
    edges: ListEdgeStore
    timelines: TimelineStore
    compactor: Compactor
    fence: Fence

    def settle(self, member_id: UserId, list_id: ListId) -> bool:
        """Backfill or purge, whichever an edge waits for; else do nothing.

        False if another worker holds the lease or a race was lost: try again later.
        """
        with self.compactor.lease(list_of(list_id)) as lease:
            edge = self.edges.find(member_id, list_id)
            if edge is None or edge.state == "active":
                return True
            if lease is None:
                is_gone = self.timelines.find_open(list_of(list_id)) is None
                return is_gone and self.edges.settle(edge)
            if edge.state == "merging":
                is_done = self.compactor.backfill(lease, edge.owner_id, member_id)
            else:
                is_done = self.compactor.purge(lease, member_id)
            return is_done and self.edges.settle(edge)

    def rebuild(self, list_id: ListId) -> bool:
        """Rebuild a list's timeline and swap it in; False as `settle`."""
        with self.compactor.lease(list_of(list_id)) as lease:
            before = None if lease is None else self.timelines.stored(lease.owner)
            if lease is None or before is None:
                return False
            listing = self.lists.find(list_id)
            if listing is None:  # it was deleted, and will be removed
                return True
            wanted = self.compactor.wanted(
                listing.list.owner_id, sorted(listing.member_ids), before.open.floor
            )
            return self.compactor.rebuild(lease, before, wanted)

    def remove_deleted(self, owner_id: UserId, list_id: ListId) -> None:
        """Remove what is left of a deleted list; do nothing if it is not deleted."""
        self.lists.remove_deleted(owner_id, list_id)
        self.fence.invalidate(invalidation_rules.deliver(owners=[list_of(list_id)]))
