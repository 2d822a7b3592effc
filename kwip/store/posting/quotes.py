"""Quotes: who quotes a post, and what its author changes about that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING, DESCENDING

from kwip.domain.timelines.id_lists import Row
from kwip.store.client import translated
from kwip.store.posting.counters import count_quote
from kwip.store.posting.post_documents import CHANGED
from kwip.store.posting.posts import ENTRY, between, to_entry

if TYPE_CHECKING:
    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post, QuotePolicy, ReplyPolicy
    from kwip.domain.timelines.id_lists import Between
    from kwip.store.client import Document, Store


class QuoteStore:
    """The `posts` that quote other posts."""

    def __init__(self, store: Store):
        self._store = store
        self._posts = store.database["posts"]

    @translated()
    def of_post(self, post_id: PostId, part: Between) -> list[Row]:
        """Read who quotes a post, between two ids, newest first; one query."""
        query: Document = {"quote_of_id": post_id, "is_quote": True}
        order = ASCENDING if part.ascending else DESCENDING
        found = self._posts.find(
            {**query, "_id": between(part.above, part.below)}, ENTRY
        ).sort("_id", order)
        entries = map(to_entry, found.limit(part.limit).batch_size(part.limit))
        rows = [
            Row(
                *(e.post_id, e.post_id, e.author_id, e.reply_to_author_id),
                *(e.quote_of_id, e.quote_of_author_id),
            )
            for e in entries
        ]
        return rows[::-1] if part.ascending else rows

    def revoke(self, quoting: Post) -> None:
        """Take what a post quotes out of it, and count it; safe to repeat."""

        def work(session: Any) -> None:
            result = self._posts.update_one(
                {"_id": quoting.id, "is_quote": True},
                {"$set": {"is_quote": False}, **CHANGED},
                session=session,
            )
            if result.modified_count:
                count_quote(self._store.database, quoting, -1, session)

        self._store.transact(work)

    @translated()
    def set_policies(
        self, post_id: PostId, quoting: QuotePolicy | None, replying: ReplyPolicy | None
    ) -> None:
        """Set who may quote a post and reply to it; None leaves it as it is."""
        policies = {"quote_policy": quoting, "reply_policy": replying}
        changes = {name: value for name, value in policies.items() if value}
        if changes:
            self._posts.update_one(
                {"_id": post_id, "is_tombstone": False}, {"$set": changes, **CHANGED}
            )
