"""Store kwips that were written long ago: with their dates, and without any notice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Literal

from kwip.cache import invalidation_rules
from kwip.domain.clock import at
from kwip.domain.posting.posts import ReplyPolicy
from kwip.domain.timelines.active_order import bumps_conversation
from kwip.services.delivery.publication import bump
from kwip.store.delivery.outbox import pending

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kwip.cache.keys import Invalidation
    from kwip.domain.clock import ClockMs
    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.services.media.attachments import Attachments
    from kwip.services.reading.stores import Stores
    from kwip.store.posting.post_documents import FanoutDocument

_OPEN = ReplyPolicy.PUBLIC


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
        return self.stores.repeats.link(_linked(post, self._named_by([post])))

    def linked_many(self, posts: Sequence[Post]) -> list[Post]:
        """As `linked`, for new kwips of one author that may name earlier ones of them.

        At most three queries.
        """
        known = self._named_by(posts)
        for post in posts:
            known[post.id] = _linked(post, known)
        return self.stores.repeats.link_many([known[post.id] for post in posts])

    def _named_by(self, posts: Iterable[Post]) -> dict[PostId, Post]:
        """Read the posts that these answer and quote; one query, or none.

        One more for the first posts of their conversations, which say who may reply.
        """
        ids = {i for post in posts for i in (post.in_reply_to_id, post.quote_of_id)}
        wanted = [i for i in ids if i is not None]
        found = self.stores.posts.get_many(wanted) if wanted else {}
        roots = sorted({each.root_id for each in found.values()} - found.keys())
        return found | (self.stores.posts.get_many(roots) if roots else {})

    def insert(
        self, post: Post, nonce: str, mode: Literal["push", "pull"]
    ) -> tuple[Invalidation, ...]:
        """Store a post; return what is to be invalidated.

        With the mode `pull`, it belongs into no stored home.

        Raises:
            ConflictError: Another post has its id.
            InvalidError: An attachment cannot be used.
        """
        with self.attachments.placed(post.media, post):
            self.stores.posts.insert(post, nonce, self._delivered(mode))
        return (*_written(post), *bump(self.stores.activity, post))

    def insert_many(
        self, posts: Sequence[Post], nonces: Mapping[PostId, str]
    ) -> tuple[Invalidation, ...]:
        """As `insert` with the mode `pull`: all of these, or none.

        They are of one author, without attachments, and the oldest is the first.

        Raises:
            ConflictError: There is a post with one of their ids.
        """
        self.stores.imported.insert_many(posts, nonces, self._delivered("pull"))
        last = {post.root_id: post for post in posts if bumps_conversation(post)}
        bumped = (bump(self.stores.activity, post) for post in last.values())
        keys = chain(*map(_written, posts), *bumped)
        return tuple(dict.fromkeys(keys))

    def _delivered(self, mode: Literal["push", "pull"]) -> FanoutDocument:
        now = at(self.clock())
        return {**pending(now, now), "state": "done", "mode": mode}


def _linked(post: Post, known: Mapping[PostId, Post]) -> Post:
    """Return a kwip with those of its author that it answers and quotes."""

    def own(post_id: PostId | None) -> Post | None:
        found = known.get(post_id) if post_id else None
        is_there = found and found.author_id == post.author_id
        return found if is_there and found and not found.is_tombstone else None

    parent, quoted = own(post.in_reply_to_id), own(post.quote_of_id)
    if parent and not _may_go_on(parent, known):
        parent = None
    return replace(
        post,
        in_reply_to_id=parent.id if parent else None,
        in_reply_to_author_id=parent.author_id if parent else None,
        root_id=parent.root_id if parent else post.id,
        reply_policy=parent.reply_policy if parent else post.reply_policy,
        quote_of_id=quoted.id if quoted else None,
        quote_of_author_id=quoted.author_id if quoted else None,
        is_quote=quoted is not None,
    )


def _may_go_on(parent: Post, known: Mapping[PostId, Post]) -> bool:
    """Return whether the author of a post may reply to it, after all others."""
    root = known.get(parent.root_id)
    if root is None:
        return False
    return root.author_id == parent.author_id or root.reply_policy is _OPEN


def _written(post: Post) -> tuple[Invalidation, ...]:
    return invalidation_rules.post(
        post_id=post.id,
        author_id=post.author_id,
        parent_id=post.in_reply_to_id,
        root_id=post.root_id,
        quote_of_id=post.quote_of_id,
        is_listed=post.is_listed,
        tags=post.tags,
    )
