"""Decide what a new post quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.errors import ForbiddenError, GoneError, NotFoundError
from kwip.domain.ids import PostId, parse_id
from kwip.domain.messages import lazy_gettext
from kwip.domain.posting.posts import QuotePolicy
from kwip.domain.posting.quotes import may_quote, policy_of
from kwip.domain.posting.sources import FEED
from kwip.services.posting.permissions import QUOTED

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Draft, Post
    from kwip.services.posting.permissions import Permissions
    from kwip.services.reading.stores import Stores

#: The address of a post at the end of a text, alone or after white space.
_AT_END = r"(?:^|\s){origin}/@[A-Za-z0-9_]{{1,30}}/(\d{{1,19}})\s*\Z"


@dataclass(frozen=True, slots=True)
class Quoting:
    """Decide what a new post quotes. `origin` is where the site's pages are."""

    stores: Stores
    permissions: Permissions
    origin: str

    def find(self, author_id: UserId, draft: Draft) -> tuple[Draft, Post | None]:
        """Find the post that a draft quotes; None if it quotes nothing.

        A draft that names none quotes the post of this site whose address its text ends
        with, and the address is taken out of the text. If that may not be quoted, the
        text keeps the address, and so does what a feed says: its member did not say it.
        Five queries, or none if there is nothing to quote.

        Raises:
            NotFoundError: The named post is not there for this author.
            GoneError: It was deleted.
            ForbiddenError: Its author does not let this one quote it.
        """
        if draft.quote_of_id is not None:
            return draft, self._quotable(author_id, draft.quote_of_id)
        if draft.source == FEED:
            return draft, None
        found = re.search(_AT_END.format(origin=re.escape(self.origin)), draft.text)
        post_id = parse_id(found[1]) if found else None
        if found is None or post_id is None:
            return draft, None
        try:
            quoted = self._quotable(author_id, PostId(post_id))
        except (NotFoundError, GoneError, ForbiddenError):
            return draft, None
        return replace(draft, text=draft.text[: found.start()].rstrip()), quoted

    def _quotable(self, author_id: UserId, post_id: PostId) -> Post:
        post = self.permissions.post(author_id, post_id, lacks=QUOTED)
        relations = self.stores.relationships.relations([author_id])[author_id]
        is_follower = post.author_id in relations.follows
        if not may_quote(author_id, post, is_follower=is_follower):
            raise ForbiddenError(_refusal(post), post_id=post_id, rule="quote_policy")
        return post


def _refusal(post: Post) -> str:
    if not post.visibility.is_open:
        return lazy_gettext("Only public and unlisted kwips can be quoted.")
    if policy_of(post) is QuotePolicy.FOLLOWERS:
        return lazy_gettext("Only followers of its author can quote this kwip.")
    return lazy_gettext("The author of this kwip doesn't allow quotes.")
