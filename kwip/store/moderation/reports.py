"""Reports: stored once for each reporter and person while they are open."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError

from kwip.domain.ids import MAX_ID, NOBODY, PostId, UserId
from kwip.domain.moderation.reports import (
    KEPT,
    MAX_EVENTS,
    Category,
    Event,
    Report,
    ReportedPost,
    ReportEvent,
)
from kwip.store.client import ONE_BATCH, translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pymongo.client_session import ClientSession

    from kwip.domain.moderation.reports import ReportFilter
    from kwip.store.client import Document, Store


def _query_of(wanted: ReportFilter) -> Document:
    """Return the query for some reports, for one of the indexes."""
    query = {k: v for k, v in asdict(wanted).items() if v is not None}
    if query.keys() == {"is_open"}:
        query["category"] = {"$in": [category.value for category in Category]}
    return query


class ReportStore:
    """The `reports` collection."""

    def __init__(self, store: Store):
        self._store = store
        self._reports = store.database["reports"]

    @translated()
    def add(
        self, report: Report, also: Callable[[ClientSession], None] = lambda _: None
    ) -> bool:
        """Store a new report; False if the reporter has an open one about that person.

        `also` is called in the same transaction.
        """

        def work(session: ClientSession) -> None:
            self._reports.insert_one(_to_document(report), session=session)
            also(session)

        try:
            self._store.transact(work)
        except DuplicateKeyError:
            return False
        return True

    @translated()
    def find_open(self, reporter_id: UserId, target_id: UserId) -> Report | None:
        """Find a reporter's open report about somebody."""
        found = self._reports.find_one({"open_key": _key(reporter_id, target_id)})
        return None if found is None else _to_report(found)

    @translated()
    def extend(self, old: Report, new: Report, event: ReportEvent) -> bool:
        """Store what a reporter added to a report; False if it changed meanwhile."""
        values = _to_document(new)
        added = {key: values[key] for key in ("posts", "comment", "rule_ids")}
        return self.change(old, added, event) is not None

    @translated()
    def find(self, report_id: int) -> Report | None:
        """Read a report."""
        found = self._reports.find_one({"_id": report_id})
        return None if found is None else _to_report(found)

    @translated()
    def page(
        self,
        wanted: ReportFilter,
        *,
        below: int = MAX_ID,
        above: int = 0,
        limit: int,
        ascending: bool = False,
    ) -> list[Report]:
        """Read reports between two ids, the newest first; one query."""
        query = {**_query_of(wanted), "_id": {"$lt": below, "$gt": above}}
        found = self._reports.find(query).sort("_id", 1 if ascending else DESCENDING)
        return [_to_report(d) for d in found.limit(limit).batch_size(ONE_BATCH)]

    @translated()
    def open_counts(self) -> dict[Category, int]:
        """Count the open reports by category; from the index alone."""
        found = self._reports.aggregate(
            [
                {"$match": {"is_open": True}},
                {"$group": {"_id": "$category", "count": {"$sum": 1}}},
            ]
        )
        return {Category(d["_id"]): d["count"] for d in found}

    @translated()
    def assigned_count(self, user_id: UserId) -> int:
        """Count the open reports that are assigned to a moderator."""
        return self._reports.count_documents({"assigned_id": user_id, "is_open": True})

    @translated()
    def change(
        self,
        old: Report,
        values: Mapping[str, Any],
        event: ReportEvent,
        session: ClientSession | None = None,
    ) -> Report | None:
        """Change a report and note the event; None if it changed meanwhile."""
        change: Document = {
            "$set": dict(values),
            "$push": {
                "events": {"$each": [_event_document(event)], "$slice": -MAX_EVENTS}
            },
            "$inc": {"version": 1},
        }
        if values.get("is_open") is False:
            change["$unset"] = {"open_key": 1}
        changed = self._reports.find_one_and_update(
            {"_id": old.id, "version": old.version},
            change,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return None if changed is None else _to_report(changed)

    def change_and(
        self,
        old: Report,
        values: Mapping[str, Any],
        event: ReportEvent,
        also: Callable[[ClientSession], None],
    ) -> bool:
        """Change a report, note the event and do `also`, in one transaction.

        False if it changed meanwhile.
        """

        def work(session: ClientSession) -> bool:
            if self.change(old, values, event, session) is None:
                return False
            also(session)
            return True

        return self._store.transact(work)


def resolved(event: ReportEvent) -> Document:
    """Return what resolving a report changes."""
    return {
        "is_open": False,
        "resolved_at": event.at,
        "resolved_by_id": event.by_id,
        "expires_at": event.at + KEPT,
    }


#: What reopening a report changes. Its reporter may have made another one meanwhile.
REOPENED: Document = {
    "is_open": True,
    "resolved_at": None,
    "resolved_by_id": NOBODY,
    "expires_at": None,
}


def forget_in_reports(reports: Any, user_id: UserId) -> None:
    """Delete the reports about a user, and leave open who made those by the user.

    Those that are assigned to the user are assigned to nobody.
    """
    reports.delete_many({"target_id": user_id})
    reports.update_many(
        {"reporter_id": user_id},
        {
            "$set": {"reporter_id": NOBODY, "events.$[own].by_id": NOBODY},
            "$unset": {"open_key": 1},
        },
        array_filters=[{"own.by_id": user_id}],
    )
    reports.update_many({"assigned_id": user_id}, {"$set": {"assigned_id": NOBODY}})


def _key(reporter_id: UserId, target_id: UserId) -> str:
    return f"{reporter_id}:{target_id}"


def _event_document(event: ReportEvent) -> Document:
    return {**asdict(event), "event": event.event.value}


def to_copy(post: ReportedPost) -> Document:
    """Return the document of a copied post."""
    return {**asdict(post), "descriptions": list(post.descriptions)}


def from_copy(document: Document) -> ReportedPost:
    """Read a copied post."""
    values = {**document, "id": PostId(document["id"])}
    return ReportedPost(**{**values, "descriptions": tuple(document["descriptions"])})


def _to_document(report: Report) -> Document:
    return {
        "_id": report.id,
        "schema": schema_of("reports"),
        "open_key": _key(report.reporter_id, report.target_id),
        "reporter_id": report.reporter_id,
        "target_id": report.target_id,
        "posts": [to_copy(post) for post in report.posts],
        "comment": report.comment,
        "category": report.category.value,
        "rule_ids": list(report.rule_ids),
        "created_at": report.created_at,
        "is_open": report.is_open,
        "assigned_id": report.assigned_id,
        "resolved_at": report.resolved_at,
        "resolved_by_id": report.resolved_by_id,
        "events": [_event_document(event) for event in report.events],
        "expires_at": None,
        "version": report.version,
    }


def _to_report(d: Document) -> Report:
    return Report(
        id=d["_id"],
        reporter_id=UserId(d["reporter_id"]),
        target_id=UserId(d["target_id"]),
        posts=tuple(map(from_copy, d["posts"])),
        comment=d["comment"],
        category=Category(d["category"]),
        rule_ids=tuple(d["rule_ids"]),
        created_at=d["created_at"],
        is_open=d["is_open"],
        assigned_id=UserId(d["assigned_id"]),
        resolved_at=d["resolved_at"],
        resolved_by_id=UserId(d["resolved_by_id"]),
        events=tuple(
            ReportEvent(**{**e, "event": Event(e["event"])}) for e in d["events"]
        ),
        version=d["version"],
    )
