"""Lists that their owners made public, as everybody sees them on other sites.

What a list's timeline stores is filtered without the owner's relations: nobody can tell
from it whom the owner mutes, blocks or follows, besides the members.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines import pushdown
from kwip.domain.timelines.filters import shows_public_list
from kwip.domain.timelines.pages import Page
from kwip.services.reading.loader import Lookup
from kwip.services.reading.lookups import no_such_list
from kwip.services.reading.slices import Slice
from kwip.services.timelines.merging import EVERYBODY
from kwip.services.timelines.paging import Pages, Run
from kwip.services.timelines.pushdown import PushdownReader
from kwip.services.timelines.sources import Shown
from kwip.store.social.list_edges import list_of

if TYPE_CHECKING:
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import ListId
    from kwip.domain.timelines.lists import Listing, UserList
    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.pushdown import Kinds
    from kwip.domain.timelines.timelines import Entry
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.reading.stores import Stores
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.sources import Sources


class PublicLists:
    """Public lists, with the public posts of their members."""

    def __init__(
        self,
        entities: Entities,
        hydration: Hydration,
        sources: Sources,
        stores: Stores,
    ):
        self._pages = Pages(hydration)
        self._hydration = hydration
        self._pushdown_reader = PushdownReader(stores.pushdown, hydration)
        self._entities = entities
        self._sources = sources

    def about(self, loader: Loader, list_id: ListId) -> tuple[UserList, User]:
        """Return a public list and its owner. Warm: 2 round trips.

        Raises:
            NotFoundError: There is none, it is private, or its owner is suspended or
                has turned widgets off.
        """
        listing, owner = self._require(loader, list_id)
        return listing.list, owner

    def page(
        self, loader: Loader, list_id: ListId, page: PageRequest, kinds: Kinds
    ) -> tuple[UserList, User, Page[PostView]]:
        """Return a public list, its owner and its members' public posts.

        Warm: 3 round trips.

        Raises:
            NotFoundError: As for `about`.
        """
        name = list_of(list_id)
        listing, owner = self._require(
            loader,
            list_id,
            Lookup(self._entities.list_timelines, Slice.around_stored(name, page)),
            Lookup(self._entities.pulls, [EVERYBODY]),
        )
        if not listing.member_ids:
            return listing.list, owner, Page(items=())
        shown = Shown(self._entities.list_timelines, name, listing.member_ids)
        read = partial(self._sources.stored, shown, loader)
        where = kinds.where(pushdown.of_public_list(listing))

        def wants(entry: Entry) -> bool:
            return kinds.has(entry) and shows_public_list(listing, entry)

        def shows(view: PostView) -> bool:
            is_offered = _is_public(view) and not view.is_author_limited
            return kinds.shows(view) and is_offered

        run = Run(
            entries=read(page),
            above=read(page.above) if page.above else iter(()),
            wants=wants,
            shows=shows,
            queried=lambda last_id: self._pushdown_reader.read(
                loader, page, last_id, where
            ),
        )
        return listing.list, owner, self._pages.cut(None, loader, run, page)

    def _require(
        self, loader: Loader, list_id: ListId, *others: Lookup[Any, Any]
    ) -> tuple[Listing, User]:
        """Get a public list and its owner; load `others` with the first round trip."""
        owners = loader.load(Lookup(self._entities.list_owners, [list_id]), *others)[0]
        owner_id = owners.get(list_id)
        if owner_id is None:
            raise no_such_list(list_id)
        own = (owner_id, list_id)
        listings, users = loader.load(
            Lookup(self._entities.listings, [own]),
            Lookup(self._entities.users, [owner_id]),
        )
        listing = listings.get(own)
        if listing is None or not listing.list.is_public:
            raise no_such_list(list_id)
        if self._hydration.gone(loader, [owner_id]):
            raise no_such_list(list_id)
        return listing, users[owner_id]


def _is_public(view: PostView) -> bool:
    return all(each.post.visibility is Visibility.PUBLIC for each in (view, view.shown))
