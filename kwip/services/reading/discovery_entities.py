"""Cached entities of discovery: trends, people in some orders, and statistics."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from kwip.cache import keys
from kwip.domain.accounts.statistics import Statistics
from kwip.domain.ids import UserId
from kwip.domain.memo import Decoded
from kwip.domain.timelines.suggestions import SuggestionSource
from kwip.domain.timelines.tags import TagDay
from kwip.domain.timelines.timelines import Entry
from kwip.domain.timelines.trends import Trend
from kwip.services.reading.loader import Kind

if TYPE_CHECKING:
    from kwip.domain.accounts.statistics import Span
    from kwip.domain.timelines.trends import PeopleOrder, TrendKind
    from kwip.services.reading.stores import Stores

#: Memory of a process for the three kinds of trends, and for the two orders of people.
TRENDS_BYTES, PEOPLE_BYTES = 200_000, 200_000
#: How many posts counts of thousands cost in the reader's rate limit.
STATISTICS_WEIGHT = 20


def trends(stores: Stores) -> Kind[TrendKind, tuple[Trend, ...]]:
    """Return the kind of trends: a variant of one key for each sort."""
    return Kind(
        name="trends",
        key=lambda _: keys.trends(),
        variant=lambda kind: kind,
        encode=_encode_trends,
        decode=Decoded(_decode_trends, TRENDS_BYTES, besides=500, times=10),
        load=stores.trends.trends,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
    )


def people_orders(stores: Stores) -> Kind[PeopleOrder, tuple[UserId, ...]]:
    """Return the kind of people in some orders: further variants of the same key."""
    return Kind(
        name="people_order",
        key=lambda _: keys.trends(),
        variant=lambda order: order,
        encode=lambda ids: json.dumps(ids).encode(),
        decode=Decoded(
            lambda raw: tuple(map(UserId, json.loads(raw))),
            PEOPLE_BYTES,
            besides=200,
            times=3,
        ),
        load=stores.trends.people,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=True,
    )


def suggestions(stores: Stores) -> Kind[UserId, SuggestionSource]:
    """Return the kind of what suggestions are made from.

    Whom one's followees follow may change at any time without invalidating it, so it
    lives for a minute only; everything that hides somebody is checked when reading.
    """
    return Kind(
        name="suggestions",
        key=keys.suggestions,
        encode=_encode_suggestions,
        decode=_decode_suggestions,
        load=stores.suggestions.of_users,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=False,
    )


def statistics(stores: Stores) -> Kind[Span, Statistics]:
    """Return the kind of the counts of a user's posts.

    What others do with these changes without invalidating it, so it lives for a minute
    only.
    """
    return Kind(
        name="statistics",
        key=lambda span: keys.statistics(span.user_id),
        variant=lambda span: f"{span.since}-{span.until}-{span.audience}",
        encode=_encode_statistics,
        decode=_decode_statistics,
        load=stores.statistics.of_spans,
        ttl_s=keys.TIMELINE_TTL_S,
        is_streamed=False,
        weight=STATISTICS_WEIGHT,
    )


def _encode_statistics(found: Statistics) -> bytes:
    return json.dumps(
        [getattr(found, each.name) for each in fields(found)], separators=(",", ":")
    ).encode()


def _decode_statistics(raw: bytes) -> Statistics:
    days, hours, sources, *others = json.loads(raw)
    names = [each.name for each in fields(Statistics)][3:]
    return Statistics(
        days=tuple(map(tuple, days)),
        hours=tuple(hours),
        sources=tuple(map(tuple, sources)),
        **dict(zip(names, others, strict=True)),
    )


def _encode_suggestions(found: SuggestionSource) -> bytes:
    return json.dumps([found.ranked, sorted(found.dismissed)]).encode()


def _decode_suggestions(raw: bytes) -> SuggestionSource:
    ranked, dismissed = json.loads(raw)
    return SuggestionSource(
        tuple(map(UserId, ranked)), frozenset(map(UserId, dismissed))
    )


def _encode_trends(trends: tuple[Trend, ...]) -> bytes:
    return json.dumps(
        [[each.name, each.posts, each.history] for each in trends],
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def _decode_trends(raw: bytes) -> tuple[Trend, ...]:
    return tuple(
        Trend(
            name,
            tuple(Entry(*entry) for entry in posts),
            tuple(TagDay(*day) for day in history),
        )
        for name, posts, history in json.loads(raw.decode())
    )
