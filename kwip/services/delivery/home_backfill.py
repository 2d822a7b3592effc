"""Change what homes store: backfill after a follow, purge after an unfollow, rebuild.

All of it holds one lease on the timeline's document; edges and floor are read once it
is held. Delivery goes on at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.services.delivery.compaction import Compactor, Wanted
from kwip.store.timelines.buckets import home_of

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.store.posting.posts import PostStore
    from kwip.store.social.edges import EdgeStore
    from kwip.store.timelines.timelines import CompactionLease, TimelineStore


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeBackfill:
    """Make homes store what the current follows say.

    Each method returns False if another worker holds the lease or a race was lost too
    often: the caller tries again later.
    """

    timelines: TimelineStore
    edges: EdgeStore
    posts: PostStore
    compactor: Compactor

    def settle(self, follower_id: UserId, followee_id: UserId) -> bool:
        """Backfill or purge, whichever an edge waits for; else do nothing."""
        with self.compactor.lease(home_of(follower_id)) as lease:
            edge = self.edges.find_edge(follower_id, followee_id)
            if edge is None or edge.state in {"active", "requested"}:
                return lease is not None or not self._has_home(follower_id)
            if lease is None:
                # The home of a hibernating user will be built from the edges of that
                # time; this edge was there before the home is looked up.
                return not self._has_home(follower_id) and self.edges.settle(edge)
            if edge.state == "merging":
                is_done = self.compactor.backfill(lease, follower_id, followee_id)
            else:
                is_done = self.compactor.purge(lease, followee_id)
            return is_done and self.edges.settle(edge)

    def rebuild(self, user_id: UserId) -> bool:
        """Rebuild a home and swap it in; a hibernating user has none to rebuild."""
        with self.compactor.lease(home_of(user_id)) as lease:
            if lease is None:
                return not self._has_home(user_id)
            return self.build(lease, user_id)

    def build(self, lease: CompactionLease, user_id: UserId) -> bool:
        """Rebuild a home under a lease, and swap it in."""
        before = self.timelines.stored(lease.owner)
        if before is None:
            return False
        authors = [user_id, *self.edges.followees(user_id)]
        wanted = self.compactor.wanted(user_id, authors, before.open.floor)
        # The owner's newest posts are in it before their delivery has begun.
        rest = [i for i in before.ids if i not in wanted.ids]
        own = self.posts.written_by(user_id, rest) if rest else []
        both = Wanted({*wanted.ids, *own}, wanted.known_from)
        return self.compactor.rebuild(lease, before, both)

    def _has_home(self, user_id: UserId) -> bool:
        return self.timelines.find_open(home_of(user_id)) is not None
