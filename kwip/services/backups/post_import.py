"""Store kwips that were written long ago: with their dates, and without any notice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.services.delivery.publication import bump
from kwip.store.delivery.outbox import pending

if TYPE_CHECKING:
    from kwip.cache.keys import Invalidation
    from kwip.domain.clock import ClockMs
    from kwip.domain.posts import Post
    from kwip.services.media.attachments import Attachments
    from kwip.services.reading.stores import Stores
    from kwip.store.posting.post_documents import FanoutDocument


@dataclass(frozen=True, slots=True)
class PostImport:
    """Stores posts as delivered, so that they don't appear on top of anybody's home."""

    stores: Stores
    attachments: Attachments
    clock: ClockMs

    def linked(self, post: Post) -> Post:
        """Return a kwip with the own ones that it answers, quotes and repeats.

        Those of others are not here, and so it begins a conversation of its own.
        """
        ids = [i for i in (post.in_reply_to_id, post.quote_of_id) if i is not None]
        found = self.stores.posts.get_many(ids) if ids else {}
        own = {
            i: other
            for i, other in found.items()
            if other.author_id == post.author_id and not other.is_tombstone
        }
        parent = own.get(post.in_reply_to_id) if post.in_reply_to_id else None
        quoted = own.get(post.quote_of_id) if post.quote_of_id else None
        linked = replace(
            post,
            in_reply_to_id=parent.id if parent else None,
            in_reply_to_author_id=parent.author_id if parent else None,
            root_id=parent.root_id if parent else post.id,
            quote_of_id=quoted.id if quoted else None,
            quote_of_author_id=quoted.author_id if quoted else None,
            is_quote=quoted is not None,
        )
        return self.stores.repeats.link(linked)

    def insert(
        self, post: Post, nonce: str, mode: Literal["push", "pull"]
    ) -> tuple[Invalidation, ...]:
        """Store a post; return what is to be invalidated.

        With the mode `pull`, it belongs into no stored home.

        Raises:
            ConflictError: Another post has its id.
            InvalidError: An attachment cannot be used.
        """
        now = at(self.clock())
        fanout: FanoutDocument = {**pending(now, now), "state": "done", "mode": mode}
        with self.attachments.placed(post.media, post):
            self.stores.posts.insert(post, nonce, fanout)
        written = invalidation_rules.post(
            post_id=post.id,
            author_id=post.author_id,
            parent_id=post.in_reply_to_id,
            root_id=post.root_id,
            quote_of_id=post.quote_of_id,
            is_listed=post.is_listed,
            tags=post.tags,
        )
        return (*written, *bump(self.stores.activity, post))
