"""Trends: what many different people do now. `docs/decisions/trends.md` says why so."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, NamedTuple, TypeVar

from kwip.domain.administration.discovery_rules import Place
from kwip.domain.ids import ms_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwip.domain.administration.discovery_rules import DiscoveryRules
    from kwip.domain.ids import UserId
    from kwip.domain.timelines.tags import TagDay
    from kwip.domain.timelines.timelines import Entry

T = TypeVar("T")

TrendKind = Literal["tags", "posts", "links"]
#: People in the order of their latest post, or of their followers.
PeopleOrder = Literal["active", "popular"]
PEOPLE_ORDERS: tuple[PeopleOrder, ...] = ("active", "popular")

_HOUR_MS = 3_600_000
#: After this long somebody's latest use counts half.
HALF_LIVES_MS: Mapping[TrendKind, int] = {
    "tags": 12 * _HOUR_MS,
    "posts": 6 * _HOUR_MS,
    "links": 12 * _HOUR_MS,
}
#: So many different people make a trend, at least.
MIN_PEOPLE = 2
#: Trends of each kind, at most; a page of the API has no more.
MAX_TRENDS: Mapping[TrendKind, int] = {"tags": 20, "posts": 40, "links": 20}
#: Posts kept with a hashtag or link, each by somebody else, to check it when reading.
MAX_WITNESSES = 4


class Use(NamedTuple, Generic[T]):
    """Somebody did something about a thing; the id says when."""

    thing: T
    user_id: UserId
    used_id: int


@dataclass(frozen=True, slots=True)
class Ranked(Generic[T]):
    """A thing, its score, and the latest use by each person, the newest first."""

    thing: T
    score: float
    latest: tuple[Use[T], ...]


@dataclass(frozen=True, slots=True)
class Trend:
    """A hashtag by its folded name, a link by its address, or a post by its id.

    `posts` are the newest posts that use it, each by somebody else; or the post itself.
    `history` is its use on the latest days, the newest first; empty for posts.
    """

    name: str
    posts: tuple[Entry, ...]
    history: tuple[TagDay, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkView:
    """A link that trends."""

    url: str
    history: tuple[TagDay, ...]


def may_trend(rules: DiscoveryRules, kind: TrendKind, name: str) -> bool:
    """Return whether staff let something trend, by its name in a `Trend`."""
    if not rules.rules:
        return True
    if kind == "tags":
        return rules.tag_may(Place.TRENDS, name)
    if kind == "links":
        return rules.link_may(Place.TRENDS, name)
    return rules.post_may_trend(int(name))


def rank(
    uses: Iterable[Use[T]], now_ms: int, half_life_ms: int, most: int
) -> list[Ranked[T]]:
    """Return the things with the highest scores, the highest first.

    The score is the sum over different people of 2^(-age / half-life), where the age is
    that of their latest use. Things that fewer than `MIN_PEOPLE` used are left out.
    """
    latest: dict[T, dict[UserId, Use[T]]] = defaultdict(dict)
    for use in uses:
        known = latest[use.thing].get(use.user_id)
        if known is None or known.used_id < use.used_id:
            latest[use.thing][use.user_id] = use

    ranked = []
    for thing, by_person in latest.items():
        if len(by_person) >= MIN_PEOPLE:
            ages_ms = (max(0, now_ms - ms_of(u.used_id)) for u in by_person.values())
            score = sum(0.5 ** (age_ms / half_life_ms) for age_ms in ages_ms)
            newest = sorted(by_person.values(), key=lambda use: -use.used_id)
            ranked.append(Ranked(thing, score, tuple(newest)))
    ranked.sort(key=lambda each: (each.score, each.latest[0].used_id), reverse=True)
    return ranked[:most]
