"""What a timeline stores and what it shows, as pure functions.

A home *stores* the ids of pushed posts by the owner and current followees, no matter
to whom they reply; direct posts only if the owner is mentioned. Delivery, backfill,
rebuild and `verify` all use `belongs_in_home`.

What is *shown* is decided when reading, by `kwip.domain.timelines.filters` and
`kwip.domain.timelines.visibility`.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.ids import PostId, UserId
from kwip.domain.posting.posts import Visibility

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kwip.domain.posting.posts import Post

#: An open bucket is sealed at this many entries and keeps the newest of them:
#: small arrays took 40 to 60 thousand deliveries a second, one of 800 took 2.5.
SEAL_AT, KEEP_OPEN = 96, 32
#: The number of entries in a sealed bucket of a rebuilt timeline.
SEALED = 64
#: One in so many posts has its delivery look for full buckets.
SEAL_LOOK = 8
#: Above this many stored ids `floor` rises so that `TRIM_TO` are left.
TRIM_ABOVE, TRIM_TO = 1_600, 800
#: Above this many authors in one `$in` MongoDB stops merge-sorting.
AUTHORS_PER_QUERY = 200
#: How many pull authors every reader of a home knows of, 16 bytes each.
MOST_PULLED = 2_000
#: A slower read of a timeline starts over: what it began with may have been deleted.
READ_RESTART_S = 30.0
#: Unneeded buckets are deleted no sooner than this after they became unneeded.
BUCKET_GRACE_S = 60.0


class Entry(NamedTuple):
    """One post in a timeline, with what the read rules need before hydration.

    `refers_to_id` is the post that it replies to or reposts, `reply_to_author_id` its
    author if it is a reply, `repost_of_author_id` if a repost. `quote_of_id` and
    `quote_of_author_id` are of the post that it quotes. Each is 0 if there is none. A
    tuple, because hundreds of them are made from packed integers in each request.
    """

    post_id: PostId
    author_id: UserId
    reply_to_author_id: UserId
    refers_to_id: PostId = PostId(0)
    repost_of_author_id: UserId = UserId(0)
    quote_of_id: PostId = PostId(0)
    quote_of_author_id: UserId = UserId(0)

    @property
    def subject_id(self) -> PostId:
        """The post that it shows: for a repost, the reposted one."""
        return self.refers_to_id if self.is_repost else self.post_id

    @property
    def parent_id(self) -> PostId:
        """The post that it replies to, or 0."""
        return PostId(0) if self.is_repost else self.refers_to_id

    @property
    def is_repost(self) -> bool:
        """Return whether it is a repost, which is never a reply."""
        return self.repost_of_author_id != 0

    @classmethod
    def of(cls, post: Post) -> Entry:
        """Return the entry of a post."""
        return cls(
            post.id,
            post.author_id,
            post.in_reply_to_author_id or UserId(0),
            post.in_reply_to_id or post.repost_of_id or PostId(0),
            post.repost_of_author_id or UserId(0),
            post.quote_of_id or PostId(0),
            post.quote_of_author_id or UserId(0),
        )


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of a timeline's entries, newest first, without gaps.

    Nothing is stored below the id `floor`; `ends` says that the stored part ends with
    this chunk.
    """

    entries: tuple[Entry, ...]
    floor: int
    ends: bool

    def above(self, floor: int) -> Chunk:
        """Leave out what is below a floor, if its own floor is lower."""
        if self.floor >= floor:
            return self
        kept = tuple(e for e in self.entries if e.post_id >= floor)
        return Chunk(kept, floor, self.ends or len(kept) < len(self.entries))


@dataclass(frozen=True, slots=True)
class Pulls:
    """Whose posts readers merge: authors, each with the newest pulled post.

    Only the `MOST_PULLED` authors with the latest pulled posts are included. Pulled
    posts of others are below `floor`, where every home and list is read as if it stored
    nothing.
    """

    newest: Mapping[UserId, PostId]
    floor: int = 0

    @classmethod
    def of(cls, latest: Sequence[tuple[UserId, PostId]]) -> Pulls:
        """Build from authors, latest first; one extra marks where the rest begins."""
        others = latest[MOST_PULLED:]
        floor = others[0][1] + 1 if others else 0
        return cls(dict(latest[:MOST_PULLED]), floor)


@dataclass(frozen=True, slots=True)
class Seal:
    """How an open bucket is divided: `cut` moves to a sealed one, `keep` stays."""

    cut: tuple[int, ...]
    keep: tuple[int, ...]


def looks_for_full(ids: Iterable[PostId]) -> bool:
    """Return whether a delivery of these posts looks for full buckets.

    Checking every home costs a third of pushing into it. The last bits of an id are
    random (`kwip.domain.ids`), so a bucket is checked about once in `SEAL_LOOK`
    entries, and a repeated delivery checks again.
    """
    return any(post_id % SEAL_LOOK == 0 for post_id in ids)


def plan_seal(entries: Iterable[int]) -> Seal:
    """Divide an open bucket's ids: the newest `KEEP_OPEN` stay, without duplicates."""
    ordered = sorted(set(entries))
    return Seal(tuple(ordered[:-KEEP_OPEN]), tuple(ordered[-KEEP_OPEN:]))


def plan_buckets(ids: Iterable[int]) -> tuple[Seal, list[tuple[int, ...]]]:
    """Divide a rebuilt timeline: the open part, and sealed ones of `SEALED` ids."""
    seal = plan_seal(ids)
    cut = seal.cut
    return seal, [cut[i : i + SEALED] for i in range(0, len(cut), SEALED)]


def raised_floor(ids: Iterable[int], *, above: int, floor: int) -> int:
    """Return the floor that leaves `TRIM_TO` of more than `above` stored ids."""
    stored = set(ids)
    if len(stored) <= above:
        return floor
    return max(floor, heapq.nlargest(TRIM_TO, stored)[-1])


def belongs_in_home(
    owner_id: UserId,
    author_id: UserId,
    visibility: Visibility,
    mentioned_ids: Iterable[UserId],
) -> bool:
    """Return whether a pushed post of the owner or a followee is stored in a home."""
    return (
        owner_id == author_id
        or visibility is not Visibility.DIRECT
        or owner_id in mentioned_ids
    )


def merge_newest(parts: Iterable[Sequence[Entry]], limit: int) -> list[Entry]:
    """Merge entries newest first, without duplicates; keep at most `limit`."""
    unique = {entry.post_id: entry for part in parts for entry in part}
    return [unique[i] for i in heapq.nlargest(limit, unique)]
