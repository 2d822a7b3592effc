"""Ring for whatever should have been done by now: the queue is only a bell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kwip import telemetry
from kwip.domain.clock import at, to_ms

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.clock import ClockMs
    from kwip.loops import Loop
    from kwip.services.delivery.hibernation import Hibernation
    from kwip.services.delivery.signals import Enqueue
    from kwip.store.edges import EdgeStore
    from kwip.store.list_edges import ListEdgeStore
    from kwip.store.lists import ListStore
    from kwip.store.outbox import OutboxStore

log = structlog.get_logger()

#: Between two sweeps, in seconds.
EVERY_S, IDLE_S = 1.0, 3.0
#: What is in the queue is rung for again after so long, in milliseconds: a backlog of
#: thousands is there already, and every further ring costs a write or two.
AGAIN_MS = 30_000
#: The most that one sweep rings for, of each kind.
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweeper:
    """Look through the durable sources of all jobs."""

    outbox: OutboxStore
    edges: EdgeStore
    lists: ListStore
    list_edges: ListEdgeStore
    hibernation: Hibernation
    enqueue: Enqueue
    clock: ClockMs

    def sweep(self) -> int:
        """Ring for everything that is overdue; count the rings.

        Short queries, and once a minute three more.
        """
        now_ms = self.clock()
        now, again = at(now_ms), at(now_ms + AGAIN_MS)
        posts = self.outbox.take_due(
            now, again, AT_ONCE, lambda post_id: self.enqueue("fanout", str(post_id))
        )
        edges = self.edges.take_due(
            now,
            again,
            AT_ONCE,
            lambda edge: self.enqueue("edge", f"{edge.follower_id}:{edge.followee_id}"),
        )
        rung = self._ring_for_lists(now, again)
        hibernated = self.hibernation.overdue()
        for user_id in hibernated:
            self.enqueue("rest", str(user_id))
        oldest = self.outbox.oldest_pending_at()
        age_ms = 0 if oldest is None else max(0, now_ms - to_ms(oldest))
        telemetry.FANOUT_OLDEST_PENDING.set(age_ms / 1000)
        return len(posts) + len(edges) + rung + len(hibernated)

    def _ring_for_lists(self, now: dt.datetime, again: dt.datetime) -> int:
        places = self.list_edges.take_due(
            now,
            again,
            AT_ONCE,
            lambda place: self.enqueue(
                "list_edge", f"{place.member_id}:{place.list_id}"
            ),
        )
        deleted = self.lists.take_deleted(
            now,
            again,
            AT_ONCE,
            lambda each: self.enqueue("list", f"{each[0]}:{each[1]}"),
        )
        return len(places) + len(deleted)

    def work(self, _loop: Loop) -> float:
        """Sweep; the work of a loop."""
        rung = self.sweep()
        if rung:
            log.info("swept", rung=rung)
            return EVERY_S
        return IDLE_S
