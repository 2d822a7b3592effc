"""Read id lists: posts in a user's own order (favourites, bookmarks), and named ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from kwip.domain.timelines.id_lists import IdListSlice
from kwip.domain.timelines.pages import cut_page
from kwip.domain.timelines.timelines import Entry
from kwip.services.reading.loader import Lookup
from kwip.services.reading.slices import CHUNK
from kwip.services.timelines.walk import MAX_LOOKED_AT, Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.timelines.id_lists import IdListChunk, Row
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration

T = TypeVar("T")
P = TypeVar("P", bound="Placed")


@dataclass(frozen=True, slots=True)
class IdLists:
    """Read id lists, slice by slice."""

    entities: Entities
    hydration: Hydration

    def posts(
        self,
        viewer: Viewer,
        loader: Loader,
        name: Literal["favourites", "bookmarks"],
        page: PageRequest,
    ) -> Page[PostView]:
        """Read a page of one of the viewer's id lists of posts. Warm: 3 round trips.

        Posts that the viewer may no longer see are skipped. The cursors are those of
        the reactions, not of the posts.
        """

        def views_of(batch: list[Row]) -> list[tuple[Row, PostView]]:
            views = self.hydration.posts(viewer, loader, [r.entry for r in batch])
            return [
                (row, views[row.entry.post_id])
                for row in batch
                if row.entry.post_id in views
            ]

        return fill_page(self.rows(loader, name, viewer.id, page), page, views_of)

    def first(
        self, name: str, owner_id: int, page: PageRequest
    ) -> Lookup[IdListSlice, IdListChunk]:
        """Return the first slice of an id list for a page."""
        return Lookup(self.entities.id_lists, [IdListSlice.first(name, owner_id, page)])

    def named(
        self, viewer: Viewer | None, loader: Loader, ids: Sequence[PostId]
    ) -> list[PostView]:
        """Read posts by their ids, in the given order.

        Posts that the viewer may not see are left out. Warm: 3 round trips.
        """
        posts = loader.load(Lookup(self.entities.posts, ids))[0]
        entries = [Entry.of(posts[post_id]) for post_id in ids if post_id in posts]
        views = self.hydration.posts(viewer, loader, entries)
        return [views[post_id] for post_id in ids if post_id in views]

    def rows(
        self, loader: Loader, name: str, owner_id: int, page: PageRequest
    ) -> Iterator[Row]:
        """Iterate an id list within the page's bounds; upwards from `min_id`."""
        return rows_of(loader, self.first(name, owner_id, page), page)


def rows_of(
    loader: Loader, first: Lookup[Any, Any], page: PageRequest, **then: int | None
) -> Iterator[Any]:
    """Iterate rows from their first slice on, within the page's bounds.

    `then` are the fields of later slices, other than their cursor.
    """
    [part] = first.ids
    while True:
        chunk = loader.load(Lookup(first.kind, [part]))[0][part]
        run = chunk.rows[::-1] if part.is_upwards else chunk.rows
        yield from (row for row in run if page.lower < row.cursor < page.upper)
        if chunk.ends or not run or not page.lower < run[-1].cursor < page.upper:
            return
        part = replace(part, cursor=run[-1].cursor, **then)


class Placed(Protocol):
    """Anything that has a place in a list."""

    @property
    def cursor(self) -> int:
        """The sort key, newest (highest) first."""


def fill_page(
    source: Iterator[P],
    page: PageRequest,
    views_of: Callable[[list[P]], list[tuple[P, T]]],
    *,
    wants: Callable[[P], bool] | None = None,
    most: int = MAX_LOOKED_AT,
) -> Page[T]:
    """Make views of places in growing rounds until the page and one more are there.

    `views_of` leaves out what is hidden, and gets only what `wants` accepts. At most
    `MAX_LOOKED_AT` places are read and `most` views made; a page that ends early
    because of that, even an empty one, has a next one.
    """
    walk = Walk(source)
    places = iter(walk) if wants is None else filter(wants, walk)
    found: list[tuple[P, T]] = []
    wanted = size = page.limit + 1
    while len(found) < wanted and (batch := list(islice(places, min(size, most)))):
        found += views_of(batch)
        most -= len(batch)
        size = min(4 * size, CHUNK)
    is_cut = walk.is_cut or (len(found) < wanted and not most)
    behind = walk.last.cursor if is_cut and walk.last is not None else None
    return cut_page([(place.cursor, view) for place, view in found], page, behind)
