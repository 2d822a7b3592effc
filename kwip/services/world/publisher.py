"""Publish a world's posts through the posting service, without flooding the outbox."""

from __future__ import annotations

import time
from array import array
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kwip.domain.batches import batches
from kwip.domain.errors import GoneError, NotFoundError, StoreUnavailableError
from kwip.domain.ids import PostId
from kwip.domain.posting.posts import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from kwip.domain.ids import UserId
    from kwip.domain.world.world import World
    from kwip.services.posting.posts import Posts
    from kwip.store.accounts.users import UserStore
    from kwip.store.delivery.outbox import OutboxStore
    from kwip.store.maintenance.loading import LoadStore
    from kwip.store.social.edges import EdgeStore

#: Posting waits for the journal: four threads post twice as fast as one.
THREADS = 4
#: Posts in flight: enough that no thread waits for a slow one.
WINDOW = 64
#: With this many posts waiting for delivery, posting pauses until half are left.
MAX_PENDING = 2_000
_LOOK_EVERY = 100
_POLL_S = 0.1
#: Longer than a post waits between two attempts.
_STALLED_S = 600.0
_FOUND_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PublisherParts:
    """What `Publisher` is made of."""

    posts: Posts
    users: UserStore
    loading: LoadStore
    outbox: OutboxStore
    edges: EdgeStore


class Publisher:
    """Publish one world's posts.

    Args:
        parts: What it is made of.
        world: Its users, and the text of each post.
        ids: The user of each node.
        name: The load's name; another load's posts are other posts.
    """

    def __init__(
        self,
        parts: PublisherParts,
        world: World,
        ids: Mapping[int, UserId],
        name: str,
    ):
        self._parts = parts
        self._world = world
        self._ids = ids
        self._name = name

    def find(self, total: int) -> array[int]:
        """Find the existing posts, by their number; 0 for those that do not exist."""
        found = array("q")
        for numbers in batches(range(total), _FOUND_AT_ONCE):
            keys = [(self._author(number), self._key(number)) for number in numbers]
            found.extend(i or 0 for i in self._parts.loading.published(keys))
        return found

    def publish(self, numbers: array[int], advance: Callable[[int], None]) -> list[int]:
        """Publish what is missing in `numbers`; return the numbers that were published.

        Several at once, but each after the post it replies to.
        """
        missing = [number for number, post_id in enumerate(numbers) if not post_id]
        under_way: dict[int, Future[PostId]] = {}

        def settle(down_to: int) -> None:
            while len(under_way) > down_to:
                number = next(iter(under_way))
                numbers[number] = under_way[number].result()
                del under_way[number]
                advance(1)

        pool = ThreadPoolExecutor(THREADS, thread_name_prefix="publisher")
        try:
            for count, number in enumerate(missing):
                if count % _LOOK_EVERY == 0:
                    self._hold_back()
                settle(WINDOW - 1)
                parent = self._parent(number, numbers, under_way)
                under_way[number] = pool.submit(self._publish, number, parent)
            settle(0)
        finally:
            pool.shutdown(cancel_futures=True)
        return missing

    def _parent(
        self,
        number: int,
        numbers: array[int],
        under_way: Mapping[int, Future[PostId]],
    ) -> Future[PostId] | None:
        """Return the post that a post replies to, which may still be in flight.

        Threads take posts in order, so a thread only ever waits for a running one.
        """
        answers = self._world.plan(number).answers
        if answers is None:
            return None
        if answers in under_way:
            return under_way[answers]
        parent: Future[PostId] = Future()
        parent.set_result(PostId(numbers[answers]))
        return parent

    def _publish(self, number: int, parent: Future[PostId] | None) -> PostId:
        """Publish one post; without a parent if that was deleted or is hidden."""
        saying = self._world.plan(number).saying
        draft = Draft(
            text=saying.text,
            language=saying.language,
            in_reply_to_id=None if parent is None else parent.result(),
            source="world",
            idempotency_key=self._key(number),
        )
        author_id = self._author(number)
        try:
            return self._parts.posts.publish(author_id, draft).id
        except (GoneError, NotFoundError):
            # The key is already claimed for the reply.
            key = f"{draft.idempotency_key}:alone"
            alone = replace(draft, in_reply_to_id=None, idempotency_key=key)
            return self._parts.posts.publish(author_id, alone).id

    def _hold_back(self) -> None:
        """Wait while too many posts are pending.

        Raises:
            StoreUnavailableError: Nothing was delivered for a very long time.
        """
        if self._parts.outbox.pending_count() > MAX_PENDING:
            self._drain(self._parts.outbox.pending_count, MAX_PENDING // 2, _ignore)

    def waiting_count(self) -> int:
        """Count posts and follows that wait for a job."""
        return self._parts.outbox.pending_count() + self._parts.edges.waiting_count()

    def await_delivery(self, advance: Callable[[int], None]) -> None:
        """Wait until no post is pending and no follow waits for its backfill.

        Raises:
            StoreUnavailableError: Nothing was done for a very long time.
        """
        self._drain(self.waiting_count, 0, advance)

    def _drain(
        self, count: Callable[[], int], down_to: int, advance: Callable[[int], None]
    ) -> None:
        lowest, moved_at = count(), time.monotonic()
        while lowest > down_to:
            time.sleep(_POLL_S)
            left = count()
            if left < lowest:
                advance(lowest - left)
                lowest, moved_at = left, time.monotonic()
            elif time.monotonic() - moved_at > _STALLED_S:
                raise StoreUnavailableError(
                    f"Nothing was delivered for {_STALLED_S:.0f} s, and {left} posts"
                    " are waiting. See `kwip doctor`, then run the load again."
                )

    def deliveries(self, numbers: Iterable[int]) -> int:
        """Count the homes that posts belong in: of their authors and followers."""
        posts = Counter(self._author(number) for number in numbers)
        total = 0
        for some in batches(posts, _FOUND_AT_ONCE):
            for user_id, user in self._parts.users.get_many(some).items():
                total += posts[user_id] * (user.followers_count + 1)
        return total

    def _author(self, number: int) -> UserId:
        return self._ids[self._world.plan(number).author]

    def _key(self, number: int) -> str:
        return f"{self._name}:{number}"


def _ignore(_: int) -> None:
    return
