"""Recompute and store which of each author's posts repeat another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.posting.repeats import DAY, Said, digest_of, settle
from kwip.services.maintenance.reindexing.counting import Suspects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.stores import Stores

#: Authors that are checked between two checkpoints, and posts read with one query.
PAGE, POSTS = 100, 1_000


@dataclass(frozen=True, slots=True)
class Repeats:
    """Find posts whose stored repeats differ from their texts."""

    stores: Stores
    fence: Fence

    def iter_pages(self, after: int = 0) -> Iterator[Suspects[UserId]]:
        """Check authors above an id, and yield those for whom something differs."""
        for ids in self.stores.users.iter_ids(after=after, batch=PAGE):
            yield Suspects(ids[-1], len(ids), [i for i in ids if self.count(i)])

    def count(self, author_id: UserId) -> int:
        """Count an author's posts whose stored repeats are wrong."""
        return sum(1 for _ in self._differing(author_id))

    def repair(self, author_id: UserId) -> None:
        """Store the right values; posts that change meanwhile wait for a later run."""
        for post, right in self._differing(author_id):
            self.stores.repeats.rewrite(post, right)
            self.fence.invalidate(invalidation_rules.repeat(post_id=post.id))

    def _differing(self, author_id: UserId) -> Iterator[tuple[Post, Said]]:
        after, run = 0, list[Said]()
        while page := self.stores.repeats.by_author(author_id, after, POSTS):
            # Posts of the last day before this page may be repeated in it.
            run = [one for one in run if page[0][0].id - one.post_id < DAY]
            run += [Said(p.id, digest_of(p), p.repeats_id) for p, _ in page]
            run = list(settle(run))
            for (post, digest), right in zip(page, run[-len(page) :], strict=True):
                if (digest, post.repeats_id) != right[1:]:
                    yield post, right
            after = page[-1][0].id
