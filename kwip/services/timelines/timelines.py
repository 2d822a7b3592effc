"""Read timelines: slices of ids, filtered and hydrated for one viewer.

`sources` says where the entries come from; here they are filtered by the timeline's
rules, hydrated, and cut into pages.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from kwip.domain.ids import UserId
from kwip.domain.timelines import pushdown
from kwip.domain.timelines.filters import hidden_by, known_to, shows_home, shows_list
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.pushdown import ALL_KINDS, Pushdown
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.visibility import require_shown
from kwip.services.delivery.signals import home_topic, pulled_topic
from kwip.services.reading.loader import Lookup
from kwip.services.reading.lookups import require_listing
from kwip.services.reading.slices import Slice
from kwip.services.timelines.active_order import ActiveOrder, Conversations
from kwip.services.timelines.hashtag_sources import HashtagSources
from kwip.services.timelines.merging import EVERYBODY
from kwip.services.timelines.paging import Pages, Run
from kwip.services.timelines.pushdown import PushdownReader
from kwip.services.timelines.sources import Shown
from kwip.store.social.list_edges import list_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwip.domain.accounts.users import User, Viewer
    from kwip.domain.ids import ListId
    from kwip.domain.social.relationships import Relations
    from kwip.domain.timelines.pages import PageRequest
    from kwip.domain.timelines.pushdown import Kinds
    from kwip.domain.timelines.timelines import Chunk
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.entities import Entities
    from kwip.services.reading.loader import Kind, Loader
    from kwip.services.reading.stores import Stores
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.sources import Sources


class Timelines:
    """Every timeline, as pages for one viewer."""

    def __init__(
        self,
        entities: Entities,
        hydration: Hydration,
        sources: Sources,
        stores: Stores,
    ):
        self._pages = Pages(hydration)
        self._pushdown_reader = PushdownReader(stores.pushdown, hydration)
        self._active = ActiveOrder(entities, hydration, stores.activity)
        self._entities = entities
        self._hydration = hydration
        self._sources = sources

    def home(self, viewer: Viewer, loader: Loader, page: PageRequest) -> Page[PostView]:
        """Read posts by the viewer and by everyone whom the viewer follows now.

        Includes public posts with a hashtag that the viewer follows. Warm, with
        authentication: 2 round trips to Redis for the first page, 3 for later ones, no
        MongoDB; one more with pull authors or followed hashtags, and when the page
        goes past a slice. Below the floor: one query per 200 followees, and another
        for what lies above the page.
        """
        relations = loader.load(
            Lookup(self._entities.relations, [viewer.id]),
            *self.begin_of_home(viewer.id, page),
        )[0][viewer.id]

        where = pushdown.of_home(viewer.id, relations)
        shown = Shown(self._entities.homes, viewer.id, where.authors)
        tagged = HashtagSources(self._entities.tags, viewer.id, relations, where)
        read = partial(
            self._sources.stored, shown, loader, extra_sources=tagged.sources
        )
        wants = partial(shows_home, viewer.id, relations, tagged=tagged.ids)
        if page.is_active:
            return self._active.window(viewer, loader, read, wants, page)
        run = Run(
            entries=read(page),
            above=read(page.above) if page.above else iter(()),
            wants=wants,
            shows=_shows,
            queried=tagged.queried(
                partial(self._queried, loader, page),
                is_upwards=page.min_id is not None,
            ),
        )
        return self._pages.cut(viewer, loader, run, page)

    def of_list(
        self, viewer: Viewer, loader: Loader, list_id: ListId, page: PageRequest
    ) -> Page[PostView]:
        """Read posts by the members of a list of the viewer. Costs what `home` does.

        Raises:
            NotFoundError: The viewer has no such list.
        """
        name = list_of(list_id)
        listing = require_listing(
            self._entities,
            viewer,
            loader,
            list_id,
            Lookup(self._entities.list_timelines, Slice.around_stored(name, page)),
            Lookup(self._entities.pulls, [EVERYBODY]),
        )
        relations = self._hydration.relations(viewer, loader)
        where = pushdown.of_list(listing, relations)
        shown = Shown(self._entities.list_timelines, name, where.authors)
        read = partial(self._sources.stored, shown, loader)
        wants = partial(shows_list, listing, relations)
        if page.is_active:
            return self._active.window(viewer, loader, read, wants, page)
        run = Run(
            entries=read(page),
            above=read(page.above) if page.above else iter(()),
            wants=wants,
            shows=_shows,
            # A pushdown filter without authors would let everyone in.
            queried=self._queried(loader, page, where) if where.authors else _nothing,
        )
        return self._pages.cut(viewer, loader, run, page)

    def home_topics(self, viewer: Viewer, loader: Loader) -> list[str]:
        """Return the topics of new posts in the viewer's home; 1 round trip."""
        all_relations, pulls = loader.load(
            Lookup(self._entities.relations, [viewer.id]),
            Lookup(self._entities.pulls, [EVERYBODY]),
        )
        follows = all_relations[viewer.id].follows
        pulled = follows & pulls[EVERYBODY].newest.keys()
        return [home_topic(viewer.id), *map(pulled_topic, pulled)]

    def begin_of_home(
        self, viewer_id: UserId, page: PageRequest
    ) -> tuple[Lookup[Any, Any], ...]:
        """Return the lookups with which the loader of a home page begins."""
        return (
            Lookup(self._entities.homes, Slice.around_stored(viewer_id, page)),
            Lookup(self._entities.pulls, [EVERYBODY]),
        )

    def public(
        self,
        viewer: Viewer | None,
        loader: Loader,
        page: PageRequest,
        *,
        only_media: bool = False,
    ) -> Page[PostView]:
        """Read everyone's public posts, without replies. Warm: 3 round trips.

        With `only_media`, those without attachments are read and left out.
        """
        where = Pushdown(is_listed=True, has_media=only_media)
        return self._public_query(self._entities.public, viewer, loader, page, where)

    def user(
        self,
        viewer: Viewer | None,
        loader: Loader,
        user_id: UserId,
        page: PageRequest,
        *,
        kinds: Kinds = ALL_KINDS,
        tag: str = "",
    ) -> Page[PostView]:
        """Read what one user published, as far as the viewer may see it.

        Only posts with `tag`, if one is given. Warm: 3 round trips.

        Raises:
            NotFoundError: There is no such user.
            GoneError: The account is suspended.
        """
        users = loader.load(
            Lookup(self._entities.users, [user_id]),
            self.begin_of_user(user_id, page, kinds),
        )[0]
        require_shown(user_id, users.get(user_id))
        relations = self._hydration.relations(viewer, loader)
        if relations.has_block(user_id):
            return Page(items=())

        def shows(view: PostView) -> bool:
            return kinds.shows(view) and (not tag or view.post.has_hashtag(tag))

        if page.is_active:
            wanted = Conversations("user", user_id, frozenset(), shows)
            return self._active.indexed(viewer, loader, wanted, page)

        def read(part: PageRequest) -> Iterator[Entry]:
            first = Slice.first(user_id, part)
            return self._sources.slices(
                _kind_of(self._entities, kinds), first, loader, part
            )

        where = kinds.where(pushdown.of_user(_id_of(viewer), relations, user_id))
        run = Run(
            entries=read(page),
            above=read(page.above) if page.above else iter(()),
            wants=kinds.has,
            shows=shows,
            queried=self._queried(loader, page, replace(where, tag=tag)),
        )
        return self._pages.cut(viewer, loader, run, page)

    def begin_of_user(
        self, user_id: UserId, page: PageRequest, kinds: Kinds
    ) -> Lookup[Any, Any]:
        """Return the slices with which the loader of a user's timeline begins."""
        if page.is_active:
            return self._active.first("user", user_id, page)
        return Lookup(_kind_of(self._entities, kinds), Slice.around(user_id, page))

    def pinned(
        self,
        viewer: Viewer | None,
        loader: Loader,
        user: User,
        page: PageRequest,
        kinds: Kinds,
    ) -> tuple[PostView, ...]:
        """Read a user's pinned posts, the newest pin first.

        Reads the user's newest posts along with them, so that both cost one round trip.
        """
        if not user.pinned_ids:
            return ()
        head = Slice.first(user.id, page)
        chunk = loader.load(Lookup(self._entities.user_timelines, [head]))[0][head]
        newest = [e for e in chunk.entries if kinds.has(e)][: page.limit + 1]
        pins = [Entry(post_id, user.id, UserId(0)) for post_id in user.pinned_ids]
        read = partial(self._hydration.posts, viewer, loader, filtering=page.filtering)
        views = read([*pins, *newest], with_parents=page.shows_parents)
        return tuple(views[e.post_id] for e in pins if e.post_id in views)

    def tag(
        self,
        viewer: Viewer | None,
        loader: Loader,
        tag: str,
        page: PageRequest,
        *,
        only_media: bool = False,
    ) -> Page[PostView]:
        """Read the public posts with a hashtag, by its folded name.

        With `only_media`, those without attachments are read and left out. Warm: 3
        round trips.
        """
        where = Pushdown(tag=tag, has_media=only_media)
        return self._public_query(self._entities.tags, viewer, loader, page, where)

    def _public_query(
        self,
        kind: Kind[Slice, Chunk],
        viewer: Viewer | None,
        loader: Loader,
        page: PageRequest,
        where: Pushdown,
    ) -> Page[PostView]:
        """Read a public query: the public timeline, or the posts with a hashtag."""
        relations = self._hydration.relations(viewer, loader)
        where = _read_by(_id_of(viewer), relations, where)
        shows = _shows_media if where.has_media else _shows
        if page.is_active:
            id_list, owner = ("tag", where.tag) if where.tag else ("public", 0)
            wanted = Conversations(id_list, owner, where.hidden, shows)
            return self._active.indexed(viewer, loader, wanted, page)
        first = Slice.first(where.tag or UserId(0), page)
        run = Run(
            entries=self._sources.slices(kind, first, loader, page),
            above=iter(()),  # there are no reposts
            wants=lambda entry: entry.author_id not in where.hidden,
            shows=shows,
            queried=self._queried(loader, page, where),
        )
        return self._pages.cut(viewer, loader, run, page)

    def _queried(
        self, loader: Loader, page: PageRequest, where: Pushdown
    ) -> Callable[[int], Iterator[Entry]]:
        where = replace(where, has_repeats=not page.folds_repeats)
        return lambda last_id: self._pushdown_reader.read(loader, page, last_id, where)


def _kind_of(entities: Entities, kinds: Kinds) -> Kind[Slice, Chunk]:
    return entities.media_timelines if kinds.only_media else entities.user_timelines


def _read_by(
    viewer_id: UserId | None, relations: Relations, where: Pushdown
) -> Pushdown:
    """Leave out of a public query whom the viewer hides, and whom a silence hides."""
    hidden, known = hidden_by(relations), known_to(viewer_id, relations)
    return replace(where, hidden=hidden, known=known, viewer_id=viewer_id)


def _nothing(_: int) -> Iterator[Entry]:
    return iter(())


def _id_of(viewer: Viewer | None) -> UserId | None:
    return None if viewer is None else viewer.id


def _shows(view: PostView) -> bool:
    return not view.is_author_limited


def _shows_media(view: PostView) -> bool:
    return _shows(view) and bool(view.post.media)
