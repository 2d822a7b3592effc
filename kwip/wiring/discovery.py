"""Make the services of `kwip.services.discovery`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Discovery
from kwip.services.discovery.endorsements import Endorsements
from kwip.services.discovery.featured_tags import FeaturedTags
from kwip.services.discovery.statistics import ProfileStatistics
from kwip.services.discovery.suggestions import Suggestions
from kwip.services.discovery.trending import Trending
from kwip.services.discovery.trends import Trends

if TYPE_CHECKING:
    from kwip.services.bundle import Reading, Social
    from kwip.wiring.core import Core


def make_discovery(core: Core, reading: Reading, social: Social) -> Discovery:
    """Make them from the services they call."""
    stores, entities = core.stores, core.entities
    return Discovery(
        trending=Trending(
            store=stores.trends,
            stores=stores,
            fence=core.fence,
            clock=core.options.clock,
            rules=core.rules.current,
        ),
        trends=Trends(entities, reading.hydration, core.rules.current),
        suggestions=Suggestions(
            entities, reading.hydration, stores.suggestions, core.fence, core.rng
        ),
        featured_tags=FeaturedTags(
            store=stores.featured_tags,
            entities=entities,
            fence=core.fence,
            ids=core.ids,
        ),
        endorsements=Endorsements(
            store=stores.endorsements,
            users=stores.users,
            relationships=social.relationships,
            entities=entities,
            fence=core.fence,
        ),
        statistics=ProfileStatistics(
            entities, reading.hydration, reading.timelines, core.options.clock
        ),
    )
