"""Compute trends, every few minutes, from the newest posts of the public timeline.

Nothing is written when people post or react. Running twice, also at the same time, only
computes the same twice.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from kwip.cache import invalidation_rules
from kwip.domain.batches import batches
from kwip.domain.clock import at, to_ms
from kwip.domain.ids import PostId, UserId, first_id_at, ms_of
from kwip.domain.timelines.tags import history_of, latest_days
from kwip.domain.timelines.trends import (
    HALF_LIVES_MS,
    MAX_TRENDS,
    MAX_WITNESSES,
    Trend,
    Use,
    may_trend,
    rank,
)
from kwip.services.search.tags import use_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.clock import ClockMs
    from kwip.domain.timelines.tags import TagDay
    from kwip.domain.timelines.timelines import Entry
    from kwip.domain.timelines.trends import PeopleOrder, Ranked, TrendKind
    from kwip.services.coherence.fence import Fence
    from kwip.services.reading.stores import Stores
    from kwip.store.accounts.users import Flag
    from kwip.store.discovery.trends import RecentPost, TrendStore

#: How often trends are computed, and how often a process looks whether they are due.
EVERY_MS, LOOK_MS = 300_000, 60_000
#: Posts that they are computed from, at most: the newest of the last seven days.
MAX_POSTS = 10_000
#: Posts whose reactions are counted, and reactions and replies of each, at most.
MAX_COUNTED, MAX_EACH = 100, 200
#: People in each order, at most.
MAX_PEOPLE = 1_000
_USERS_AT_ONCE = 1_000


@dataclass(slots=True, kw_only=True, eq=False)
class Trending:
    """The job that computes trends."""

    store: TrendStore
    stores: Stores
    fence: Fence
    clock: ClockMs
    rules: Callable[[], DiscoveryRules]
    _next_look: int = field(default=0, init=False)

    def is_due(self) -> bool:
        """Return whether trends must be computed; looks once in `LOOK_MS`."""
        now = self.clock()
        if now < self._next_look:
            return False
        self._next_look = now + LOOK_MS
        return self._is_old(now)

    def refresh(self) -> bool:
        """Compute trends if they are due; False if they were computed just now."""
        if not self._is_old(self.clock()):
            return False
        self.recompute()
        return True

    def _is_old(self, now: int) -> bool:
        computed_at = self.store.computed_at()
        return computed_at is None or to_ms(computed_at) <= now - EVERY_MS

    def recompute(self) -> dict[str, int]:
        """Compute trends now; count them by kind.

        About ten queries, and another for each 1,000 people.
        """
        now = self.clock()
        days_ms = latest_days(now)
        recent = self.store.recent(first_id_at(days_ms[-1]), MAX_POSTS)
        shown = self._shown({post.entry.author_id for post in recent})
        recent = [post for post in recent if post.entry.author_id in shown]
        calm = [post for post in recent if not post.is_sensitive]
        trends: dict[TrendKind, list[Trend]] = {
            "tags": self._tags(calm, now, days_ms),
            "posts": self._posts(calm, now),
            "links": _links(self._linking(calm), now, days_ms),
        }
        self.store.save(at(now), trends, self._people(recent))
        self.fence.invalidate(invalidation_rules.trend())
        return {kind: len(found) for kind, found in trends.items()}

    def _tags(
        self, posts: Sequence[RecentPost], now: int, days_ms: Sequence[int]
    ) -> list[Trend]:
        rules = self.rules()
        uses = (
            Use(tag, *_by(post))
            for post in posts
            for tag in post.tags
            if may_trend(rules, "tags", tag)
        )
        found = rank(uses, now, HALF_LIVES_MS["tags"], MAX_TRENDS["tags"])
        if not found:
            return []
        names = [each.thing for each in found]
        counted = self.stores.search.uses(names, first_id_at(days_ms[-1]) - 1)
        entries = _entries(posts)
        return [
            _witnessed(each, entries, use_of(each.thing, counted, days_ms))
            for each in found
        ]

    def _posts(self, posts: Sequence[RecentPost], now: int) -> list[Trend]:
        """Rank posts by the people who favourited, reposted or answered them."""
        half_life_ms = HALF_LIVES_MS["posts"]
        rules = self.rules()
        candidates = [
            p
            for p in posts
            if p.reactions and may_trend(rules, "posts", str(p.entry.post_id))
        ]
        candidates.sort(key=lambda p: _promise(p, now, half_life_ms), reverse=True)
        entries = _entries(candidates[:MAX_COUNTED])
        if not entries:
            return []
        ids = list(entries)
        uses = [
            *self.store.reactions_to(ids, MAX_EACH),
            *self.store.replies_to(ids, MAX_EACH),
        ]
        shown = self._shown({use.user_id for use in uses})
        others = (
            use
            for use in uses
            if use.user_id in shown and use.user_id != entries[use.thing].author_id
        )
        found = rank(others, now, half_life_ms, MAX_TRENDS["posts"])
        return [Trend(str(each.thing), (entries[each.thing],)) for each in found]

    def _linking(self, posts: Sequence[RecentPost]) -> list[RecentPost]:
        rules = self.rules()
        return [p for p in posts if p.link and may_trend(rules, "links", p.link)]

    def _people(
        self, recent: Sequence[RecentPost]
    ) -> Mapping[PeopleOrder, Sequence[UserId]]:
        """Order discoverable people who posted lately: latest post, and followers."""
        ids = list(dict.fromkeys(post.entry.author_id for post in recent))[:MAX_PEOPLE]
        known = self.stores.users.get_many(ids)
        users = [known[i] for i in ids if i in known and known[i].is_discoverable]
        popular = sorted(users, key=lambda user: -user.followers_count)
        return {
            "active": [user.id for user in users],
            "popular": [user.id for user in popular],
        }

    def _shown(self, ids: Iterable[UserId]) -> set[UserId]:
        parts = batches(sorted(ids), _USERS_AT_ONCE)
        but: Sequence[Flag] = ("is_suspended", "is_silenced")
        shown = partial(self.stores.users.shown_among, but=but)
        return {i for part in parts for i in shown(part)}


def _links(
    posts: Sequence[RecentPost], now: int, days_ms: Sequence[int]
) -> list[Trend]:
    uses = [Use(post.link, *_by(post)) for post in posts]
    found = rank(uses, now, HALF_LIVES_MS["links"], MAX_TRENDS["links"])
    by_link: dict[str, list[tuple[int, UserId]]] = defaultdict(list)
    for use in uses:
        by_link[use.thing].append((use.used_id, use.user_id))
    entries = _entries(posts)
    return [
        _witnessed(each, entries, history_of(by_link[each.thing], days_ms))
        for each in found
    ]


def _by(post: RecentPost) -> tuple[UserId, PostId]:
    return post.entry.author_id, post.entry.post_id


def _entries(posts: Iterable[RecentPost]) -> dict[PostId, Entry]:
    return {post.entry.post_id: post.entry for post in posts}


def _witnessed(
    each: Ranked[str], entries: Mapping[PostId, Entry], history: tuple[TagDay, ...]
) -> Trend:
    newest = each.latest[:MAX_WITNESSES]
    posts = tuple(entries[PostId(use.used_id)] for use in newest)
    return Trend(each.thing, posts, history)


def _promise(post: RecentPost, now: int, half_life_ms: int) -> float:
    """Estimate a post's score, to choose whose reactions are read."""
    age_ms = max(0, now - ms_of(post.entry.post_id))
    return float(post.reactions * 0.5 ** (age_ms / half_life_ms))
