"""Hashtags: which are requested, and whether the viewer follows one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kwip.domain.ids import ms_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence

    from kwip.domain.ids import UserId
    from kwip.domain.posting.posts import Post

#: Their newest posts are read for each page of home, all in one round trip.
MAX_FOLLOWED_TAGS = 32
#: Days of history, as in Mastodon.
DAYS, DAY_MS = 7, 86_400_000


class TagDay(NamedTuple):
    """How often a hashtag was used on a day (UTC), and by how many people."""

    begins_s: int
    uses: int
    people: int


@dataclass(frozen=True, slots=True)
class TagView:
    """A hashtag by its folded name, and whether the viewer follows it.

    `history` is its use on the latest days, the newest first; empty if not counted.
    """

    name: str
    is_following: bool = False
    history: tuple[TagDay, ...] = ()


@dataclass(frozen=True, slots=True)
class FeaturedTagView:
    """A hashtag that a user features; `id` is for apps.

    It counts the user's public posts with it; `last_post_at` is when the newest came.
    """

    id: int
    user_id: UserId
    name: str
    posts_count: int
    last_post_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class TagFilter:
    """Which hashtags are requested, by folded name.

    One of `any_of` (at least one), all of `all_of`, and none of `none_of`.
    """

    any_of: tuple[str, ...]
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def shows(self, post: Post) -> bool:
        """Return whether a post with one of `any_of` is requested."""
        return all(map(post.has_hashtag, self.all_of)) and not any(
            map(post.has_hashtag, self.none_of)
        )


def history_of(
    uses: Iterable[tuple[int, UserId]], days_ms: Sequence[int]
) -> tuple[TagDay, ...]:
    """Count uses on each of some days: the ids of posts, and their authors."""
    dated = [(ms_of(post_id) // DAY_MS * DAY_MS, author) for post_id, author in uses]
    counts = Counter(day for day, _ in dated)
    people = Counter(day for day, _ in set(dated))
    return tuple(TagDay(day // 1_000, counts[day], people[day]) for day in days_ms)


def latest_days(now_ms: int) -> list[int]:
    """Return the beginnings of the latest `DAYS` days (UTC), the newest first."""
    today_ms = now_ms // DAY_MS * DAY_MS
    return [today_ms - number * DAY_MS for number in range(DAYS)]
