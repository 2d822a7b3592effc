"""Make the loader of worlds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.world.loader import WorldLoader
from kwip.services.world.publisher import PublisherParts
from kwip.store.maintenance.loading import LoadStore

if TYPE_CHECKING:
    from kwip.services.bundle import Services
    from kwip.wiring.core import Core


def make_world(core: Core, services: Services) -> WorldLoader:
    """Make it from the services that publish."""
    loading = LoadStore(core.store)
    return WorldLoader(
        users=core.stores.users,
        loading=loading,
        jobs=core.jobs,
        publishing=PublisherParts(
            posts=services.posts,
            users=core.stores.users,
            loading=loading,
            outbox=core.outbox,
            edges=core.edges,
        ),
        fence=core.fence,
        ids=core.ids,
        clock=core.options.clock,
    )
