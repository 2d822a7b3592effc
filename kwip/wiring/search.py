"""Make the services of `kwip.services.search`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.services.bundle import Finding
from kwip.services.search.posts import PostSearch
from kwip.services.search.search import Search

if TYPE_CHECKING:
    from kwip.services.bundle import Reading
    from kwip.wiring.core import Core


def make_search(core: Core, reading: Reading) -> Finding:
    """Make them from the services they call."""
    posts = PostSearch(core.entities, reading.hydration, core.stores.search)
    return Finding(search=Search(posts))
