"""Announcements, and which of them members have dismissed."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from pymongo import DESCENDING

from kwip.domain.administration.announcements import MAX_DISMISSED, Announcement
from kwip.domain.errors import ConflictError
from kwip.domain.messages import lazy_gettext
from kwip.store.administration.site_version import count_change
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable

    from pymongo.client_session import ClientSession

    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store

#: Documents of earlier schemas have no dismissals.
_DISMISSED = {"$ifNull": ["$dismissed_ids", []]}


class AnnouncementStore:
    """The `announcements` collection, and `dismissed_ids` of `users`."""

    def __init__(self, store: Store):
        self._store = store
        self._announcements = store.database["announcements"]
        self._users = store.database["users"]

    @translated()
    def published(self, now: dt.datetime) -> tuple[Announcement, ...]:
        """Read those that are published and have not ended, the newest first."""
        found = self._announcements.find(
            {
                "_id": {"$gte": 0},  # by the index
                "published_at": {"$ne": None},
                "$or": [{"ends_at": None}, {"ends_at": {"$gt": now}}],
            }
        )
        return tuple(map(_read, found.sort("_id", DESCENDING)))

    @translated()
    def newest(self, limit: int) -> list[Announcement]:
        """Return the newest announcements first."""
        found = self._announcements.find().sort("_id", DESCENDING).limit(limit)
        return [_read(document) for document in found]

    @translated()
    def find(self, announcement_id: int) -> Announcement | None:
        """Find an announcement by its id."""
        found = self._announcements.find_one({"_id": announcement_id})
        return None if found is None else _read(found)

    def save(
        self,
        announcement: Announcement,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> None:
        """Store an announcement of one version more than the stored one.

        `also` is called in the same transaction.

        Raises:
            ConflictError: Another version is stored.
        """

        def work(session: ClientSession) -> None:
            values = asdict(announcement)
            same = {"_id": values.pop("id"), "version": announcement.version - 1}
            head: Document = {"schema": schema_of("announcements")}
            is_new = announcement.version == 1
            written = self._announcements.replace_one(
                same, head | values, upsert=is_new, session=session
            )
            if not is_new and not written.matched_count:
                raise ConflictError(
                    lazy_gettext(
                        "Someone else changed this announcement meanwhile. Check it "
                        "and try again."
                    )
                )
            also(session)
            count_change(self._store, session)

        self._store.transact(work)

    def remove(
        self,
        announcement_id: int,
        also: Callable[[ClientSession], None] = lambda _: None,
    ) -> bool:
        """Remove an announcement and do `also`; False if there is none."""

        def work(session: ClientSession) -> bool:
            found = {"_id": announcement_id}
            if not self._announcements.delete_one(found, session=session).deleted_count:
                return False
            also(session)
            count_change(self._store, session)
            return True

        return self._store.transact(work)

    @translated()
    def dismiss(self, user_id: UserId, announcement_id: int) -> None:
        """Note that a member has dismissed one; the oldest dismissals are dropped."""
        joined = {"$concatArrays": [_DISMISSED, [announcement_id]]}
        self._users.update_one(
            {"_id": user_id, "dismissed_ids": {"$ne": announcement_id}},
            [
                {
                    "$set": {
                        "dismissed_ids": {"$slice": [joined, -MAX_DISMISSED]},
                        "version": {"$add": ["$version", 1]},
                    }
                }
            ],
        )


def _read(document: Document) -> Announcement:
    values = {k: v for k, v in document.items() if k not in {"_id", "schema"}}
    return Announcement(id=document["_id"], **values)
