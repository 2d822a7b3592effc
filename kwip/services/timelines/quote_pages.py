"""Read who quotes a post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.errors import NotFoundError
from kwip.domain.ids import PostId
from kwip.domain.messages import lazy_gettext
from kwip.domain.timelines.timelines import Entry
from kwip.services.timelines.id_lists import fill_page

if TYPE_CHECKING:
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.timelines.id_lists import Row
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.views import PostView
    from kwip.services.reading.loader import Loader
    from kwip.services.timelines.hydration import Hydration
    from kwip.services.timelines.id_lists import IdLists
    from kwip.services.timelines.threads import Threads


@dataclass(frozen=True, slots=True)
class QuotePages:
    """Pages of the posts that quote one post."""

    hydration: Hydration
    threads: Threads
    id_lists: IdLists

    def page(
        self,
        viewer: Viewer | None,
        loader: Loader,
        post_id: PostId,
        page: PageRequest,
    ) -> tuple[PostView, Page[PostView]]:
        """Return a post, and who quotes it as far as the viewer may see it.

        Newest first; without authors who are muted or whom a silence hides, except for
        the author of the post, who may want to take it out. Warm: 4 round trips.

        Raises:
            NotFoundError: There is no such post for this viewer.
            GoneError: It was deleted.
        """
        post = self.threads.post(viewer, loader, post_id)
        owner_id = post.repost_of_id or post.id
        entry = Entry.of(post)
        loader.warm(
            *self.hydration.lookups(viewer, [entry]),
            self.id_lists.first("quotes", owner_id, page),
        )
        quoted = self.hydration.posts(viewer, loader, [entry]).get(post_id)
        if quoted is None:  # its author is suspended
            raise NotFoundError(lazy_gettext("Kwip not found."), post_id=post_id)

        def views_of(batch: list[Row]) -> list[tuple[Row, PostView]]:
            entries = [row.entry for row in batch]
            filtering = None if quoted.is_own else page.filtering
            views = self.hydration.posts(viewer, loader, entries, filtering=filtering)
            found = ((row, views.get(PostId(row.id))) for row in batch)
            return [
                (row, view)
                for row, view in found
                if view and view.post.is_quote
                if quoted.is_own or not (view.is_author_muted or view.is_author_limited)
            ]

        rows = self.id_lists.rows(loader, "quotes", owner_id, page)
        return quoted.shown, fill_page(rows, page, views_of)
