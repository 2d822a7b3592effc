"""Figures about the use of a site, each from an index and with a bound.

They may be a second old: they are read from secondaries where there are any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING, ReadPreference

from kwip.domain.ids import UserId, first_id_at
from kwip.domain.moderation.reports import KEPT
from kwip.store.client import ONE_BATCH, Store, translated
from kwip.store.paging import union
from kwip.store.posting.posts import ENTRY, to_entry

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from kwip.domain.timelines.timelines import Entry
    from kwip.store.client import Document


class FiguresStore:
    """Counts in the `posts`, `users`, `reports` and `timelines` collections."""

    def __init__(self, store: Store):
        distant = Store(
            store.client,
            store.database.name,
            read_preference=ReadPreference.SECONDARY_PREFERRED,
        )
        self._database = distant.database
        self._attachments = distant.database["attachments"]
        self._posts = distant.database["posts"]
        self._users = distant.database["users"]
        self._reports = distant.database["reports"]
        self._timelines = distant.database["timelines"]

    @translated()
    def made_between(
        self, kind: str, start_ms: int, end_ms: int, *, most: int | None = None
    ) -> int:
        """Count users, posts or reports made in a span of time by their ids, to `most`.

        Reads only the index of ids. Deleted posts count; deleted users do not.
        """
        limit: dict[str, Any] = {} if most is None else {"limit": most}
        return self._database[kind].count_documents(
            _span(start_ms, end_ms), hint={"_id": 1}, **limit
        )

    @translated()
    def joined_between(self, start_ms: int, end_ms: int, most: int) -> list[UserId]:
        """List the first users who joined in a span of time, by their ids."""
        found = self._users.find(_span(start_ms, end_ms), {"_id": 1}).sort("_id")
        return [UserId(d["_id"]) for d in found.limit(most).batch_size(ONE_BATCH)]

    @translated()
    def authors_between(self, ids: Sequence[UserId], start_ms: int, end_ms: int) -> int:
        """Count which of some users posted in a span of time, by the index of authors.

        One short look for each user, however much they wrote, all in one command.
        Deleted posts do not count.
        """
        looks = [_newest_of(user_id, _span(start_ms, end_ms)) for user_id in ids]
        return sum(1 for _ in union(self._posts, looks)) if looks else 0

    @translated()
    def readers_between(self, start: dt.datetime, end: dt.datetime) -> int:
        """Count who last read home in a span of time, by the index of that."""
        return self._timelines.count_documents(
            {"last_read_at": {"$gte": start, "$lt": end}}
        )

    @translated()
    def resolved_between(self, start: dt.datetime, end: dt.datetime) -> int:
        """Count the reports resolved in a span of time, by when they are forgotten."""
        return self._reports.count_documents(
            {"expires_at": {"$gte": start + KEPT, "$lt": end + KEPT}}
        )

    @translated()
    def stored_bytes(self) -> int:
        """Sum what the database takes on disk, and the files that people uploaded.

        Goes through the index of all uploads.
        """
        took = self._database.command("dbStats")
        pipeline: list[Document] = [
            {"$group": {"_id": None, "bytes": {"$sum": "$size_bytes"}}}
        ]
        hint = {"owner_id": 1, "size_bytes": 1}
        files = self._attachments.aggregate(pipeline, hint=hint)
        return int(took["storageSize"] + took["indexSize"]) + sum(
            int(d["bytes"]) for d in files
        )

    @translated()
    def made_with(
        self, start_ms: int, end_ms: int, scanned: int
    ) -> list[tuple[str | None, str]]:
        """Return the language and the source of public posts of a span, the newest."""
        query = {"is_listed": True, **_span(start_ms, end_ms)}
        found = self._posts.find(query, {"language": 1, "source": 1})
        newest = found.sort("_id", DESCENDING).limit(scanned).batch_size(ONE_BATCH)
        return [(d.get("language"), d.get("source", "web")) for d in newest]

    @translated()
    def most_answered(
        self, start_ms: int, scanned: int, limit: int
    ) -> list[tuple[Entry, int]]:
        """Return the public posts with the most replies, of the newest ones since then.

        Looks at `scanned` of them at most.
        """
        query = {"is_listed": True, "_id": {"$gt": first_id_at(start_ms)}}
        shown = ENTRY | {"replies_count": 1}
        found = self._posts.find(query, shown).sort("_id", DESCENDING).limit(scanned)
        rows = [(d.get("replies_count", 0), d) for d in found.batch_size(ONE_BATCH)]
        rows.sort(key=lambda row: (-row[0], -row[1]["_id"]))
        return [(to_entry(d), count) for count, d in rows[:limit] if count]


def _span(start_ms: int, end_ms: int) -> Document:
    return {"_id": {"$gte": first_id_at(start_ms), "$lt": first_id_at(end_ms)}}


def _newest_of(user_id: UserId, span: Document) -> list[Document]:
    return [
        {"$match": {"author_id": user_id, "is_tombstone": False, **span}},
        {"$sort": {"_id": DESCENDING}},
        {"$limit": 1},
        {"$project": {"author_id": 1}},
    ]
