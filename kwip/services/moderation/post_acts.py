"""Find kwips for staff, and act on them without a report."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.errors import InvalidError
from kwip.domain.messages import lazy_gettext
from kwip.domain.moderation.reports import MAX_POSTS, ReportedPost

if TYPE_CHECKING:
    from kwip.domain.accounts.audit_log import Order
    from kwip.domain.accounts.users import Viewer
    from kwip.domain.ids import UserId
    from kwip.domain.moderation.strikes import Decision, Strike
    from kwip.domain.timelines.pages import Page, PageRequest
    from kwip.domain.timelines.views import PostView
    from kwip.services.moderation.decisions import Decisions
    from kwip.services.reading.loader import Loader
    from kwip.services.reading.stores import Stores
    from kwip.services.search.search import Search


@dataclass(frozen=True, slots=True)
class PostActs:
    """What staff do to kwips that they have found themselves.

    They find and act on what everybody may see: what only some people may read is
    theirs, until one of them reports it.
    """

    search: Search
    stores: Stores
    decisions: Decisions

    def find(self, loader: Loader, text: str, page: PageRequest) -> Page[PostView]:
        """Search public kwips as a visitor, but also those of silenced people.

        So it does not matter whom the moderator blocks or mutes.

        Costs what `Search.page` does.

        Raises:
            InvalidError: The text is no query.
        """
        query = replace(self.search.read(loader, text), with_silenced=True)
        return self.search.post_search.page(None, loader, query, page)

    def act(self, staff: Viewer, order: Order, decision: Decision) -> list[Strike]:
        """Act on kwips: a strike for each of their authors, who get a mail.

        Nothing is done if the moderator may not act on one of the authors.

        Raises:
            InvalidError: The text cannot be used, or no such kwip is named.
            ForbiddenError: The moderator doesn't outrank an author.
        """
        found = self.stores.posts.get_many(decision.post_ids[:MAX_POSTS])
        by_author: dict[UserId, list[ReportedPost]] = defaultdict(list)
        for post in found.values():
            if post.visibility.is_open and not post.is_tombstone:
                by_author[post.author_id].append(ReportedPost.of(post))
        if not by_author or not decision.act.is_on_posts:
            wrong = {"post_ids": lazy_gettext("Choose at least one kwip.")}
            raise InvalidError(lazy_gettext("Nothing was changed."), wrong)
        for author_id in by_author:
            self.decisions.target(order, author_id)
        return [
            self.decisions.act_on(staff, order, author_id, decision, tuple(posts))
            for author_id, posts in by_author.items()
        ]
