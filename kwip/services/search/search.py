"""Answer a search: posts, people and hashtags."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.timelines.pages import Page
from kwip.domain.timelines.search import SearchResults
from kwip.text.queries import parse_query, without_mistakes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import PostId
    from kwip.domain.timelines.search import Mistake, PostQuery, SearchRequest
    from kwip.domain.timelines.tags import TagView
    from kwip.domain.timelines.views import PostView, UserView
    from kwip.services.reading.loader import Loader
    from kwip.services.search.people import PeopleSearch
    from kwip.services.search.posts import PostSearch
    from kwip.services.search.tags import TagSearch
    from kwip.services.timelines.id_lists import IdLists

#: Results that can be skipped; further posts have cursors.
MAX_OFFSET = 200


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that can be searched for."""

    post_search: PostSearch
    people_search: PeopleSearch
    tag_search: TagSearch
    id_lists: IdLists

    def everything(
        self, viewer: Viewer | None, loader: Loader, asked: SearchRequest
    ) -> SearchResults:
        """Find what an app asks for, of each kind.

        Raises:
            InvalidError: Only posts are asked for, and the text is no query.
        """
        if asked.offset > MAX_OFFSET:
            return SearchResults()
        return SearchResults(
            accounts=self.people(viewer, loader, asked),
            statuses=self._statuses(viewer, loader, asked),
            hashtags=self.tags(viewer, loader, asked),
        )

    def people(
        self, viewer: Viewer | None, loader: Loader, asked: SearchRequest
    ) -> Sequence[UserView]:
        """Find people. Costs what `PeopleSearch.find` does."""
        if asked.name is None or not asked.wants("accounts"):
            return ()
        found = self.people_search.find(
            viewer, loader, asked.name, only_followed=asked.only_followed
        )
        return found[asked.offset : asked.offset + asked.page.limit]

    def tags(
        self, viewer: Viewer | None, loader: Loader, asked: SearchRequest
    ) -> Sequence[TagView]:
        """Find hashtags. Costs what `TagSearch.find` does."""
        if not asked.wants("hashtags"):
            return ()
        end = asked.offset + asked.page.limit
        return self.tag_search.find(viewer, loader, asked.text, limit=end)[
            asked.offset :
        ]

    def page(
        self, viewer: Viewer | None, loader: Loader, asked: SearchRequest
    ) -> tuple[Page[PostView], Sequence[Mistake]]:
        """Find a page of posts, and what is wrong with the query.

        Costs what `PostSearch.page` does. Mistakes are left out. The address of a post
        finds only that one.

        Raises:
            InvalidError: The text is no query; says what to do.
        """
        if asked.post_id is not None:
            return self._named(viewer, loader, asked.post_id), ()
        query = self.read(loader, asked.text)
        usable = replace(query, mistakes=())
        found = self.post_search.page(viewer, loader, usable, asked.page)
        return found, (*query.mistakes, *query.hints)

    def read(self, loader: Loader, text: str) -> PostQuery:
        """Read a query for posts, with what is wrong with it. At most 1 round trip.

        Raises:
            InvalidError: The text is no query; says what to do.
        """
        query = parse_query(text)
        return without_mistakes(query, self.post_search.unknown(loader, query))

    def _named(
        self, viewer: Viewer | None, loader: Loader, post_id: PostId
    ) -> Page[PostView]:
        return Page(items=tuple(self.id_lists.named(viewer, loader, [post_id])))

    def _statuses(
        self, viewer: Viewer | None, loader: Loader, asked: SearchRequest
    ) -> Sequence[PostView]:
        """Find posts: none if the query has a mistake.

        If other kinds are asked for too, the text need not be a query: it may still
        name an account or a hashtag.
        """
        if not asked.wants("statuses"):
            return ()
        if asked.post_id is not None:
            return self._named(viewer, loader, asked.post_id).items[asked.offset :]
        page = replace(asked.page, limit=asked.offset + asked.page.limit)
        try:
            query = parse_query(asked.text)
            found = self.post_search.page(viewer, loader, query, page)
        except InvalidError:
            if asked.kind:
                raise
            return ()
        return found.items[asked.offset :]
