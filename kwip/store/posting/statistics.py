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

    from kwip.domain.ids import UserId
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
        return summed_up(rows, self._first_year(span.user_id))

    def _first_year(self, author_id: UserId) -> int | None:
        found = self._posts.find_one(
            {"author_id": author_id, "is_tombstone": False},
            {"_id": 1},
            sort=[("_id", ASCENDING)],
        )
        return None if found is None else at(ms_of(found["_id"])).year


def _pipeline(span: Span) -> list[Document]:
    above, below = span.bounds
    audience = {"$in": ["$visibility", sorted(AUDIENCES[span.audience])]}
    # Schema 1 of posts has no reposts.
    is_repost = {"$gt": [{"$ifNull": ["$repost_of_id", 0]}, 0]}
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
        {
            "$set": {
                "counts": {"$cond": [{"$and": [audience, {"$not": is_repost}]}, 1, 0]}
            }
        },
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
