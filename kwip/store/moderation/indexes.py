"""The indexes of the collections of moderation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.store.index import Index, ttl

if TYPE_CHECKING:
    from collections.abc import Mapping

MODERATION_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "reports": (
        Index(
            (("open_key", ASCENDING),),
            "ReportStore.find_open: one open report of each reporter about a person",
            {
                "unique": True,
                "partialFilterExpression": {"open_key": {"$exists": True}},
            },
        ),
        Index(
            (("is_open", ASCENDING), ("category", ASCENDING), ("_id", DESCENDING)),
            "ReportStore.open_counts, ReportStore.page: the queue",
        ),
        Index(
            (("assigned_id", ASCENDING), ("is_open", ASCENDING), ("_id", DESCENDING)),
            "ReportStore.assigned_count, ReportStore.page: a moderator's own",
            {"partialFilterExpression": {"assigned_id": {"$gt": 0}}},
        ),
        Index(
            (("target_id", ASCENDING), ("_id", DESCENDING)),
            "ReportStore.page: reports about a person",
        ),
        Index(
            (("reporter_id", ASCENDING), ("_id", DESCENDING)),
            "ReportStore.page, DeletionStore.forget: reports by a person",
        ),
        ttl("resolved reports are forgotten after 90 days"),
    ),
    "strikes": (
        Index(
            (("user_id", ASCENDING), ("_id", DESCENDING)),
            "StrikeStore.of_user: what was done to somebody",
        ),
        Index(
            (("report_id", ASCENDING), ("_id", DESCENDING)),
            "StrikeStore.of_report: what was done about a report",
        ),
        Index(
            (("due_at", ASCENDING),),
            "StrikeStore.take_due: strikes to carry out that the sweeper enqueues",
            {"partialFilterExpression": {"state": {"$in": ["pending", "undoing"]}}},
        ),
        Index(
            (("appeal.state", ASCENDING), ("_id", DESCENDING)),
            "StrikeStore.appealed, StrikeStore.appealed_count: appeals to decide",
            {"partialFilterExpression": {"appeal.state": "pending"}},
        ),
        ttl("strikes are forgotten after a year"),
    ),
}
