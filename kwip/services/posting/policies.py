"""Who may quote a post, and who may reply to it: chosen with it, later, or by default.

A conversation has one policy for replies, that of its first post. Its replies carry it
too, as it was when they were written, so that pages can say it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Draft, Edit, Post, QuotePolicy, ReplyPolicy
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.stores import Stores


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of new posts and of existing ones."""

    stores: Stores
    fence: Fence

    def of_new(self, author_id: UserId, draft: Draft, parent: Post | None) -> Draft:
        """Complete a draft's policies; one query if the author's settings decide."""
        quoting = draft.quote_policy
        replying = draft.reply_policy if parent is None else parent.reply_policy
        if quoting is None or replying is None:
            author = self.stores.users.get_many([author_id]).get(author_id)
            if author is not None:
                quoting = quoting or author.quote_policy
                replying = replying or author.reply_policy
        return replace(draft, quote_policy=quoting, reply_policy=replying)

    def edit(self, old: Post, asked: Edit) -> bool:
        """Change the policies of a post as an edit asks; False if they are so."""
        quoting = asked.quote_policy
        replying = asked.reply_policy if old.in_reply_to_id is None else None
        is_same = quoting in {None, old.quote_policy}
        if is_same and replying in {None, old.reply_policy}:
            return False
        self.set(old, quoting, replying)
        return True

    def set(
        self, post: Post, quoting: QuotePolicy | None, replying: ReplyPolicy | None
    ) -> None:
        """Change the policies of a post; None leaves one as it is. Safe to repeat."""
        if post.in_reply_to_id is not None:
            replying = None
        self.stores.quotes.set_policies(post.id, quoting, replying)
        self.fence.invalidate(invalidation_rules.set_policies(post_id=post.id))
