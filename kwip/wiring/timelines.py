"""Make the services of `kwip.services.timelines`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Reading
from kwip.services.delivery.hibernation import HomeReads
from kwip.services.timelines.catch_up import CatchUp
from kwip.services.timelines.filters import Filters
from kwip.services.timelines.hashtag_timelines import HashtagTimelines
from kwip.services.timelines.hydration import Hydration
from kwip.services.timelines.id_lists import IdLists
from kwip.services.timelines.markers import Markers
from kwip.services.timelines.notifications import Notifications
from kwip.services.timelines.open_pages import OpenPages
from kwip.services.timelines.quote_pages import QuotePages
from kwip.services.timelines.sources import Sources
from kwip.services.timelines.threads import Threads
from kwip.services.timelines.timelines import Timelines
from kwip.services.timelines.widgets import Widgets

if TYPE_CHECKING:
    from kwip.wiring.core import Core


def make_timelines(core: Core) -> Reading:
    """Make them from the shared parts."""
    stores, entities, options = core.stores, core.entities, core.options
    hydration = Hydration(entities, options.clock, core.rules.current)
    home_reads = HomeReads(core.enqueue, options.clock)
    sources = Sources(entities, stores.posts, home_reads)
    timelines = Timelines(entities, hydration, sources, stores)
    notifications = Notifications(entities, hydration, stores, core.fence)
    markers = Markers(entities, stores.markers, core.fence, core.signal, options.clock)
    threads = Threads(entities, hydration)
    id_lists = IdLists(entities, hydration)
    return Reading(
        hydration=hydration,
        id_lists=id_lists,
        threads=threads,
        quote_pages=QuotePages(hydration, threads, id_lists),
        timelines=timelines,
        hashtag_timelines=HashtagTimelines(
            timelines, entities, hydration, sources, stores.pushdown
        ),
        notifications=notifications,
        markers=markers,
        filters=Filters(
            store=stores.filters,
            hydration=hydration,
            threads=threads,
            loaders=core.loaders,
            fence=core.fence,
            ids=core.ids,
            clock=options.clock,
        ),
        catch_up=CatchUp(markers, timelines),
        widgets=Widgets(entities, sources, stores, options.clock, core.rules.current),
        open_pages=OpenPages(entities, notifications, options.clock),
    )
