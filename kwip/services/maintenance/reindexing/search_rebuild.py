"""Rebuild the index of search page by page, and verify it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwip.services.delivery.search_index import document_of, is_indexed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from kwip.domain.ids import PostId
    from kwip.domain.posting.posts import Post
    from kwip.services.delivery.search_index import SearchIndex
    from kwip.services.maintenance.checkpoint import Checkpoint
    from kwip.services.maintenance.progress import Progress
    from kwip.services.maintenance.reindexing.reindex import Pace
    from kwip.store.accounts.people import PeopleStore
    from kwip.store.maintenance.search_audit import SearchAuditStore

#: Posts that are compared together.
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class SearchRebuild:
    """Bring the index in line with the posts, while the site runs.

    Unlike in `Rebuild`, a page is repaired with one command: after an update, none of
    its posts may be indexed.
    """

    store: SearchAuditStore
    index: SearchIndex
    people: PeopleStore
    sleep: Callable[[float], None] = time.sleep

    def verify(self, progress: Progress) -> tuple[dict[str, int], list[str]]:
        """Count what was compared, and describe what differs."""
        progress.begin("posts", self.store.count())
        checked, found = 0, list[str]()
        for page in self.pages(0):
            found += map(_describe, self.confirmed(self.differing(page)))
            checked += len(page)
            progress.advance(len(page))
        return {"posts": checked}, found

    def run(self, checkpoint: Checkpoint, pace: Pace, progress: Progress) -> list[str]:
        """Repair what differs, from the checkpoint on; return what still does."""
        counts = {"repaired": 0, "posts": 0, **checkpoint.job.counts}
        done = counts["posts"]
        progress.begin("posts", max(self.store.count(), done), done)
        left: list[str] = []
        for page in self.pages(checkpoint.job.cursor):
            wrong = self.differing(page)
            self.index.put(wrong)
            left += map(_describe, self.confirmed(wrong))
            counts["posts"] += len(page)
            counts["repaired"] += len(wrong)
            checkpoint.save(cursor=page[-1].id, counts=counts)
            progress.advance(len(page))
            self.sleep(pace.throttle_s)
        self._rename(progress)
        checkpoint.save(counts=counts, is_done=True)
        return left

    def _rename(self, progress: Progress) -> None:
        """Store what users are found by where it is missing, as after an update."""
        progress.begin("users", 0)
        after, size = 0, 1
        while size:
            after, size, wrong = self.people.misnamed_after(after, PAGE)
            self.people.rename(wrong)
            progress.advance(size)

    def pages(self, after: int) -> Iterator[list[Post]]:
        """Iterate all posts above an id, a page at a time."""
        while page := self.store.posts_after(after, PAGE):
            yield page
            after = page[-1].id

    def differing(self, posts: Sequence[Post]) -> list[Post]:
        """Return the posts for which the index stores something else; one query.

        A deleted post may be absent there.
        """
        stored = self.store.stored([post.id for post in posts])
        found = []
        for post in posts:
            terms = stored.get(post.id)
            right = document_of(post)["terms"] if is_indexed(post) else []
            if terms != right and not (terms is None and not right):
                found.append(post)
        return found

    def confirmed(self, posts: Sequence[Post]) -> list[Post]:
        """Return those that still differ, and whose change is not about to be indexed.

        What was written or delivered between two reads is no difference.
        """
        ids: list[PostId] = [post.id for post in posts]
        return self.differing(self.store.settled(ids)) if ids else []


def _describe(post: Post) -> str:
    return f"post {post.id}: the index of search does not match the text"
