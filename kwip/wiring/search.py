"""Make the services of `kwip.services.search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Finding
from kwip.services.search.people import PeopleSearch
from kwip.services.search.posts import PostSearch
from kwip.services.search.search import Search
from kwip.services.search.tags import TagSearch
from kwip.services.search.widget import SearchWidget

if TYPE_CHECKING:
    from kwip.services.bundle import Reading
    from kwip.wiring.core import Core


def make_search(core: Core, reading: Reading) -> Finding:
    """Make them from the services they call."""
    entities, hydration, stores = core.entities, reading.hydration, core.stores
    return Finding(
        search=Search(
            PostSearch(entities, hydration, stores.search),
            PeopleSearch(entities, hydration, stores.people),
            TagSearch(hydration, stores.search, core.options.clock, core.rules.current),
            reading.id_lists,
        ),
        search_widget=SearchWidget(
            entities,
            stores.search,
            core.loaders,
            core.options.clock,
            core.rules.current,
        ),
    )
