"""Parse the texts of stored posts again, and store what is found now.

Mentions stay: whom a post mentions was decided when it was written.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.services.maintenance.reindexing.counting import Suspects

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.domain.text import Hashtag, Link, Mention
    from kwip.services.coherence.fence import Fence
    from kwip.services.posting.texts import Texts
    from kwip.store.maintenance.retagging import RetagStore
    from kwip.store.posting.posts import PostStore

#: Posts that are read and parsed together.
PAGE = 1_000
#: How often a rewrite that lost against an edit starts over.
TRIES = 5


@dataclass(frozen=True, slots=True)
class Retagging:
    """Bring hashtags and links in line with the texts."""

    texts: Texts
    posts: PostStore
    store: RetagStore
    fence: Fence

    def iter_pages(self, after: int = 0) -> Iterator[Suspects[PostId]]:
        """Check posts above an id, and yield those whose entities differ."""
        while page := self.store.after(after, PAGE):
            after = page[-1][0].id
            differing = [post.id for post, tags in page if self._differs(post, tags)]
            yield Suspects(after, len(page), differing)

    def differs(self, post_id: PostId) -> bool:
        """Check again whether the entities of a post's text differ from stored ones."""
        post = self.posts.get_many([post_id]).get(post_id)
        return post is not None and self._differs(post, self.store.tags_of(post_id))

    def _differs(self, post: Post, tags: Sequence[str]) -> bool:
        parsed = self._parsed(post)
        return parsed != post or parsed.tags != tuple(tags)

    def retag(self, post_id: PostId) -> bool:
        """Rewrite one post; False if it kept changing meanwhile.

        Its `tags` are rewritten in any case, and everything that shows them is
        invalidated.
        """
        for _ in range(TRIES):
            old = self.posts.get_many([post_id]).get(post_id)
            if old is None:
                return True
            listed = self.store.tags_of(post_id)
            new = self._parsed(old)
            done = self.store.rewrite(old, new)
            tags = {*listed, *old.tags, *new.tags}
            self.fence.invalidate(
                invalidation_rules.retag(post_id=post_id, tags=sorted(tags))
            )
            if done:
                return True
        return False

    def _parsed(self, post: Post) -> Post:
        if post.is_tombstone or post.repost_of_id:
            return replace(post, links=(), hashtags=())
        found = self.texts.parse(post.text)
        return replace(
            post,
            links=tuple(x for x in found.links if _is_clear(x, post.mentions)),
            hashtags=tuple(x for x in found.hashtags if _is_clear(x, post.mentions)),
        )


def _is_clear(found: Link | Hashtag, mentions: tuple[Mention, ...]) -> bool:
    """Return whether something in a text overlaps no earlier mention."""
    return all(x.end <= found.start or found.end <= x.start for x in mentions)
