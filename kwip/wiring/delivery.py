"""Make the services of `kwip.services.delivery`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Delivery
from kwip.services.delivery.compaction import Compactor
from kwip.services.delivery.fanout import Fanout
from kwip.services.delivery.hibernation import Hibernation
from kwip.services.delivery.home_backfill import HomeBackfill
from kwip.services.delivery.list_backfill import ListBackfill
from kwip.services.delivery.list_fanout import ListFanout
from kwip.services.delivery.long_polls import Live
from kwip.services.delivery.notifier import Notifier
from kwip.services.delivery.nudging import Nudging
from kwip.services.delivery.poll_ends import PollEnds
from kwip.services.delivery.publication import Publication
from kwip.services.delivery.pull_authors import PullAuthors
from kwip.services.delivery.push_wakes import PushWakes
from kwip.services.delivery.search_index import SearchIndex
from kwip.store.delivery.hibernation import HibernationStore
from kwip.store.posting.reactions.poll_ends import PollEndStore
from kwip.store.push.subscriptions import PushSubscriptionStore

if TYPE_CHECKING:
    from kwip.wiring.core import Core


def make_delivery(core: Core) -> Delivery:
    """Make them from the shared parts."""
    stores, fence, options = core.stores, core.fence, core.options
    compactor = Compactor(stores.timelines, stores.posts, fence, options.clock)
    wakes = PushWakes(PushSubscriptionStore(core.store), core.enqueue, options.clock)
    notifier = Notifier(stores, core.edges, fence, core.signal, core.ids, wakes)
    home_backfill = HomeBackfill(
        timelines=stores.timelines,
        edges=core.edges,
        posts=stores.posts,
        compactor=compactor,
    )
    search_index = SearchIndex(stores.search, stores.posts)
    return Delivery(
        notifier=notifier,
        nudging=Nudging(stores.nudges, notifier, options.clock),
        publication=Publication(
            stores.timelines, stores.activity, fence, core.enqueue, core.signal
        ),
        home_backfill=home_backfill,
        list_backfill=ListBackfill(
            stores.lists, core.list_edges, stores.timelines, compactor, fence
        ),
        hibernation=Hibernation(
            store=HibernationStore(core.store),
            compactor=compactor,
            home_backfill=home_backfill,
            fence=fence,
            clock=options.clock,
            after_days=core.settings.inactive_days,
        ),
        search_index=search_index,
        poll_ends=PollEnds(
            PollEndStore(core.store),
            stores.posts,
            notifier,
            fence,
            core.signal,
            options.clock,
        ),
        fanout=Fanout(
            stores=stores,
            outbox=core.outbox,
            edges=core.edges,
            compactor=compactor,
            pull_authors=PullAuthors(
                stores.pull_authors, fence, pull_at=core.settings.pull_followers
            ),
            lists=ListFanout(stores.lists, core.list_edges, compactor),
            notifier=notifier,
            search_index=search_index,
            fence=fence,
            signal=core.signal,
            clock=options.clock,
            rng=core.rng,
            limits=options.fanout_limits,
        ),
        live=Live(options.live_times),
    )
