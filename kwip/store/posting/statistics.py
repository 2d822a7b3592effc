"""Counts of what a user published, from the index of their posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.domain.accounts.statistics import (
    AUDIENCES,
    MAX_EXAMINED,
    HourOfPosts,
    Span,
    Statistics,
    summed_up,
)
from kwip.domain.clock import at
from kwip.domain.ids import ms_of
from kwip.store.client import ONE_BATCH, translated
from kwip.store.posting.posts import between

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.store.client import Document, Store


class StatisticsStore:
    """The `posts` collection, counted."""

    def __init__(self, store: Store):
        self._posts = store.database["posts"]

    @translated()
    def of_spans(self, spans: Sequence[Span]) -> dict[Span, Statistics]:
        """Count the posts of spans; two queries each, by the index `author_id, _id`.

        Each examines at most `MAX_EXAMINED` posts, the newest ones.
        """
        return {span: self._of(span) for span in spans}

    def _of(self, span: Span) -> Statistics:
        found = self._posts.aggregate(_pipeline(span), batchSize=ONE_BATCH)
        rows = [
            HourOfPosts(
                d["_id"]["at"],
                d["_id"]["source"],
                *(d["examined"], d["posts"]),
                *(d["favourites"], d["reposts"], d["replies"]),
            )
            for d in found
        ]
        return summed_up(rows, self._first_year(span))

    def _first_year(self, span: Span) -> int | None:
        """Return the year of the first post that counts, of the oldest ones."""
        own = {"author_id": span.user_id, "is_tombstone": False}
        found = self._posts.aggregate(
            [
                {"$match": own},
                {"$sort": {"_id": ASCENDING}},
                {"$limit": MAX_EXAMINED},
                {"$match": {"$expr": _counts(span)}},
                {"$limit": 1},
                {"$project": {"_id": 1}},
            ]
        )
        years = [at(ms_of(each["_id"])).year for each in found]
        return years[0] if years else None


def _counts(span: Span) -> Document:
    """Return the expression that says whether a post counts: shown, and no repost."""
    # Schema 1 of posts has no reposts.
    is_repost = {"$gt": [{"$ifNull": ["$repost_of_id", 0]}, 0]}
    is_shown = {"$in": ["$visibility", sorted(AUDIENCES[span.audience])]}
    return {"$and": [is_shown, {"$not": is_repost}]}


def _pipeline(span: Span) -> list[Document]:
    above, below = span.bounds
    return [
        {
            "$match": {
                "author_id": span.user_id,
                "is_tombstone": False,
                "_id": between(above, below),
            }
        },
        {"$sort": {"_id": DESCENDING}},
        {"$limit": MAX_EXAMINED},
        {"$set": {"counts": {"$cond": [_counts(span), 1, 0]}}},
        {
            "$group": {
                "_id": {
                    "at": {"$dateTrunc": {"date": "$created_at", "unit": "hour"}},
                    "source": "$source",
                },
                "examined": {"$sum": 1},
                "posts": {"$sum": "$counts"},
                "favourites": _sum_of("favourites_count"),
                "reposts": _sum_of("reposts_count"),
                "replies": _sum_of("replies_count"),
            }
        },
    ]


def _sum_of(count: str) -> Document:
    return {"$sum": {"$multiply": ["$counts", f"${count}"]}}
