"""Keep the index of search in line with the posts.

A new post is indexed by its fan-out. One that was edited or deleted is by a job of its
own, whose durable source is a mark that the same write left in the post.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.domain.ids import NOBODY
from kwip.domain.posting.posts import Visibility
from kwip.domain.timelines.notifications import NO_POST
from kwip.domain.timelines.search import owner_mark
from kwip.store.upgrades import schema_of
from kwip.text.terms import stored_terms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.store.posting.posts import PostStore
    from kwip.store.posting.search import SearchDocument, SearchStore


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """What puts posts into the index, and takes them out."""

    store: SearchStore
    posts: PostStore

    def put(self, posts: Iterable[Post]) -> None:
        """Index posts as they are given, unless a later version is there already.

        One command, and one more with hashtags; reposts have no text and are left out.
        Safe to repeat.
        """
        indexed = list(filter(is_indexed, posts))
        self.store.put(map(document_of, indexed))
        self.store.put_tags(indexed)

    def settle(self, post_id: PostId) -> None:
        """Index what a post says now; forget one that was never there."""
        post = self.posts.get_many([post_id]).get(post_id)
        if post is None:
            self.store.remove(post_id)
            return
        self.put([post])
        self.store.settle(post_id, post.version)


def is_indexed(post: Post) -> bool:
    """Return whether a post has a document in the index, deleted or not."""
    return post.repost_of_id is None


def document_of(post: Post) -> SearchDocument:
    """Return what the index stores of a post."""
    if post.is_tombstone:
        author_id = reply_to_id = NOBODY
    else:
        author_id, reply_to_id = post.author_id, post.in_reply_to_author_id or NOBODY
    is_private = post.visibility is not Visibility.PUBLIC and not post.is_tombstone
    return {
        "_id": post.id,
        "post_id": post.id,
        "schema": schema_of("search_posts"),
        "version": post.version,
        "author_id": author_id,
        "reply_to_id": reply_to_id,
        "quote_of_id": (post.is_quote and post.quote_of_id) or NO_POST,
        "quote_of_author_id": (post.is_quote and post.quote_of_author_id) or NOBODY,
        "owner": owner_mark(post.author_id) if is_private else "",
        "terms": stored_terms(post),
    }
