"""Conversations: which posts reply to which, and the order of reading."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.ids import PostId, UserId
from kwip.domain.timelines.timelines import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kwip.domain.social.keyword_filters import Filtering


#: The posts of a conversation that are ordered. Later replies are not listed.
MAX_THREAD = 5_000


class Threaded(NamedTuple):
    """A post in a conversation; `parent_id` is the post it replies to, or 0.

    `quote_of_id` and `quote_of_author_id` are of the post that it quotes, or 0.

    A tuple, because a thousand of them are made from packed integers at once.
    """

    post_id: PostId
    author_id: UserId
    parent_id: PostId
    quote_of_id: PostId = PostId(0)
    quote_of_author_id: UserId = UserId(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPart:
    """How much of a conversation is shown around a post.

    The nearest `ancestors` above it, and this many `replies` below it in reading order:
    those after the reply `after`; or the part with the reply `having`, if it exists; or
    the first ones. `filtering` says how the viewer's filters apply.
    """

    ancestors: int
    replies: int
    after: PostId | None = None
    having: PostId | None = None
    filtering: Filtering | None = None


#: What a page shows, with a link to the next part.
ON_PAGE = ThreadPart(ancestors=40, replies=40)
#: What apps get at once, because their API has no parts: with and without a token.
FOR_VIEWER = ThreadPart(ancestors=200, replies=400)
FOR_ANYBODY = ThreadPart(ancestors=40, replies=60)


class Conversation:
    """The posts of a conversation, by parent.

    Args:
        posts: All known posts, oldest first.
    """

    def __init__(self, posts: Iterable[Threaded]):
        self._by_id = {one.post_id: one for one in posts}

    def __len__(self) -> int:
        """Count the posts."""
        return len(self._by_id)

    def above(self, parent_id: PostId | None) -> Iterator[Threaded]:
        """Iterate from a post's parent up to the root."""
        parent = self._by_id.get(parent_id or PostId(0))
        while parent is not None:
            yield parent
            parent = self._by_id.get(parent.parent_id)

    def below(self, post_id: PostId) -> Iterator[tuple[Threaded, int]]:
        """Iterate over replies in reading order, each with its depth below the post.

        Each reply is followed by its own replies, oldest first.
        """
        children: dict[PostId, list[Threaded]] = defaultdict(list)
        for one in self._by_id.values():
            children[one.parent_id].append(one)
        waiting = [(one, 1) for one in reversed(children[post_id])]
        while waiting:
            one, depth = waiting.pop()
            yield one, depth
            waiting += [(c, depth + 1) for c in reversed(children[one.post_id])]

    def parents_among(self, shown: Iterable[PostId]) -> dict[PostId, PostId]:
        """Return for each of some posts the nearest one above it that is among them."""
        among = set(shown)
        found = {}
        for post_id in among & self._by_id.keys():
            above = self.above(self._by_id[post_id].parent_id)
            nearest = (one.post_id for one in above if one.post_id in among)
            parent_id = next(nearest, None)
            if parent_id is not None:
                found[post_id] = parent_id
        return found

    def entry(self, one: Threaded) -> Entry:
        """Return one of its posts as an entry, ready to be hydrated."""
        parent = self._by_id.get(one.parent_id)
        return Entry(
            one.post_id,
            one.author_id,
            parent.author_id if parent else UserId(0),
            quote_of_id=one.quote_of_id,
            quote_of_author_id=one.quote_of_author_id,
        )
