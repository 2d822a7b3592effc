"""Compare the counters of users and posts with the real counts, page by page."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from kwip.domain.ids import MAX_ID, PostId, UserId
from kwip.store.posting.counters import Answer, PostCounts, UserCounts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwip.store.posting.counters import CounterStore

Id = TypeVar("Id")

NO_USER_COUNTS = UserCounts(0, 0, 0)


class Suspects(NamedTuple, Generic[Id]):
    """The suspects in a page of `size`, and where the next page begins."""

    cursor: int
    size: int
    ids: list[Id]


@dataclass(frozen=True, slots=True)
class Counting:
    """Look for counters that seem wrong; the store decides whether they are.

    A write between two reads makes a counter only look wrong.
    """

    store: CounterStore
    page: int

    def users(self, after: int = 0) -> Iterator[Suspects[UserId]]:
        """Check users above an id; four queries a page."""
        while said := self.store.users_after(after, self.page):
            low, after = min(said), max(said)
            right = self.store.counted_between(low, after)
            wrong = [i for i in said if said[i] != right.get(i, NO_USER_COUNTS)]
            yield Suspects(after, len(said), wrong)

    def posts(self, after: int = 0) -> Iterator[Suspects[PostId]]:
        """Check posts, whole conversations above a root; up to five queries a page.

        The cursor is the last finished conversation, the size how many posts the
        finished ones of this page have.
        """
        place, thread = (after, MAX_ID - 1), list[Answer]()
        while page := self.store.answers_after(place, self.page):
            place = page[-1].root_id, page[-1].post_id
            reacted = self.store.reacted_on([a.post_id for a in page])
            polls = {a.post_id: a.poll for a in page if a.poll}
            votes = self.store.votes_on(polls) if polls else {}
            wrong = [
                a.post_id
                for a in page
                if a.counts[1:4] != reacted.get(a.post_id, (0, 0, 0))
                or a.counts.votes != votes.get(a.post_id, ())
            ]
            finished = 0
            for answer in page:
                if thread and thread[0].root_id != answer.root_id:
                    wrong += _miscounted(thread)
                    finished += len(thread)
                    after, thread = thread[0].root_id, []
                thread.append(answer)
            yield Suspects(after, finished, list(dict.fromkeys(wrong)))
        if thread:
            yield Suspects(thread[0].root_id, len(thread), _miscounted(thread))


def _miscounted(thread: list[Answer]) -> list[PostId]:
    counted = Counter(a.parent_id for a in thread if a.is_counted)
    return [a.post_id for a in thread if a.counts.replies != counted[a.post_id]]


def differences(
    said: UserCounts | PostCounts, right: UserCounts | PostCounts
) -> list[tuple[str, int, int]]:
    """Name the counters that are wrong, with their values and the right ones."""
    wanted = right.stored()
    pairs = ((name, one, wanted[name]) for name, one in said.stored().items())
    return [(name, one, other) for name, one, other in pairs if one != other]
