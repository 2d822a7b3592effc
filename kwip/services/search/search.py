"""Answer a search: read its query, and find what it asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.text.queries import parse_query

if TYPE_CHECKING:
    from kwip.domain.timelines.pages import Page
    from kwip.domain.timelines.search import SearchRequest
    from kwip.domain.timelines.views import PostView
    from kwip.domain.users import Viewer
    from kwip.services.reading.loader import Loader
    from kwip.services.search.posts import PostSearch

#: Results that can be skipped; further ones have cursors.
MAX_OFFSET = 200


@dataclass(frozen=True, slots=True)
class Search:
    """Everything that can be searched for."""

    post_search: PostSearch

    def page(
        self, viewer: Viewer | None, loader: Loader, asked: SearchRequest
    ) -> Page[PostView]:
        """Find a page of posts, newest first. Costs what `PostSearch.page` does.

        Raises:
            InvalidError: The text is no query; says what to do.
        """
        query = parse_query(asked.text)
        return self.post_search.page(viewer, loader, query, asked.page)

    def statuses(
        self, viewer: Viewer | None, loader: Loader, asked: SearchRequest
    ) -> tuple[PostView, ...]:
        """Find posts as an app asks for them, with an offset.

        None if something else is asked for, or too much is skipped. A text that is no
        query for posts may still name an account or a hashtag.

        Raises:
            InvalidError: Only posts are asked for, and the text is no query.
        """
        if asked.kind not in {"", "statuses"} or asked.offset > MAX_OFFSET:
            return ()
        page = replace(asked.page, limit=asked.offset + asked.page.limit)
        try:
            found = self.page(viewer, loader, replace(asked, page=page))
        except InvalidError:
            if asked.kind:
                raise
            return ()
        return found.items[asked.offset :]
