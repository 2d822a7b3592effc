"""Homes of inactive users: find, hibernate and rehydrate them.

A home goes from `ok` to `dropping`, then is deleted, and comes back as `building`;
readers use it only while it is `ok`. Every step may be repeated, and is harmless if it
comes too late: documents change only under the compaction lease, only buckets of
earlier epochs expire, and an edge never goes back to an earlier decision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pymongo import ASCENDING, ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from kwip.store.client import translated
from kwip.store.social.edges import PRESENT, follower_key
from kwip.store.timelines.buckets import empty_timeline, home_of, user_of

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store
    from kwip.store.timelines.timelines import CompactionLease

#: How many edges change with one command.
BATCH = 500
#: All homes, and no other timeline.
_HOMES = {"$gte": "home:", "$lt": "home;"}
UNFINISHED = {"$in": ["building", "dropping"]}


class HomeState(NamedTuple):
    """The state of a home, and when it was last read."""

    state: str
    last_read_at: dt.datetime | None


class HibernationStore:
    """The life cycle of homes in `timelines`, and `active` in `followers`."""

    def __init__(self, store: Store):
        self._timelines = store.database["timelines"]
        self._buckets = store.database["timeline_buckets"]
        self._follows = store.database["follows"]
        self._followers = store.database["followers"]

    @translated()
    def touch(self, user_id: UserId, now: dt.datetime, before: dt.datetime) -> bool:
        """Record that a home is read, if that was last recorded before a given time."""
        result = self._timelines.update_one(
            {
                "_id": home_of(user_id),
                "state": "ok",
                "$or": [{"last_read_at": None}, {"last_read_at": {"$lt": before}}],
            },
            {"$set": {"last_read_at": now}},
        )
        return result.matched_count == 1

    @translated()
    def find(self, user_id: UserId) -> HomeState | None:
        """Return the state of a home; None if it does not exist."""
        fields = {"state": 1, "last_read_at": 1}
        found = self._timelines.find_one({"_id": home_of(user_id)}, fields)
        return (
            None if found is None else HomeState(found["state"], found["last_read_at"])
        )

    @translated()
    def date_undated(self, now: dt.datetime, limit: int) -> int:
        """Set the time of reading for homes that have none; count them."""
        undated = {"last_read_at": None, "_id": _HOMES}
        found = self._timelines.find(undated, {"_id": 1}).limit(limit)
        ids = [d["_id"] for d in found]
        if ids:
            self._timelines.update_many(
                {"_id": {"$in": ids}, "last_read_at": None},
                {"$set": {"last_read_at": now}},
            )
        return len(ids)

    @translated()
    def idle_since(self, before: dt.datetime, limit: int) -> list[UserId]:
        """List the users whose homes were last read before a time, oldest first."""
        found = self._timelines.find({"last_read_at": {"$lt": before}}, {"_id": 1})
        ordered = found.sort("last_read_at", ASCENDING).limit(limit)
        return [user_of(d["_id"]) for d in ordered]

    @translated()
    def unfinished(self, now: dt.datetime, limit: int) -> list[UserId]:
        """List the users whose hibernation or rehydration was left unfinished."""
        left = [{"upkeep": None}, {"upkeep.until": {"$lt": now}}]
        query = {"state": UNFINISHED, "$or": left}
        return [
            user_of(d["_id"])
            for d in self._timelines.find(query, {"_id": 1}).limit(limit)
        ]

    @translated()
    def begin_hibernation(
        self, lease: CompactionLease, last_read_at: dt.datetime, term: int
    ) -> CompactionLease | None:
        """Close a home for readers; None if it was read meanwhile.

        The lease's term rises to `term`, so that it is above the terms of all follows.
        """
        document = self._timelines.find_one_and_update(
            {
                "_id": lease.owner,
                "upkeep.owner": lease.holder,
                "state": "ok",
                "last_read_at": last_read_at,
            },
            {
                "$set": {"state": "dropping"},
                "$inc": {"version": 1},
                "$max": {"terms": term},
            },
            {"terms": 1},
            return_document=ReturnDocument.AFTER,
        )
        return None if document is None else replace(lease, term=document["terms"])

    @translated()
    def set_active(self, user_id: UserId, term: int, *, is_active: bool) -> None:
        """Set whether fan-out delivers to a user, as decided in a given term.

        Edges with a decision from a later term stay unchanged. One query, and one
        command per `BATCH` edges.
        """
        found = self._follows.find(
            {"follower_id": user_id, "state": PRESENT}, {"_id": 0, "followee_id": 1}
        )
        decided = {"active": is_active, "active_term": term}
        updates = [
            UpdateOne(
                {
                    **follower_key(d["followee_id"], user_id),
                    "active_term": {"$not": {"$gt": term}},
                },
                {"$set": decided},
            )
            for d in found
        ]
        for i in range(0, len(updates), BATCH):
            self._followers.bulk_write(updates[i : i + BATCH], ordered=False)

    @translated()
    def remove(self, lease: CompactionLease, expires_at: dt.datetime) -> bool:
        """Delete a home in state `dropping`; its buckets expire later.

        Readers that have found the home may still read them.
        """
        self._buckets.update_many(
            {"owner": lease.owner, "epoch": {"$lte": lease.term}},
            {"$set": {"expires_at": expires_at}},
        )
        result = self._timelines.delete_one(
            {"_id": lease.owner, "upkeep.owner": lease.holder, "state": "dropping"}
        )
        return result.deleted_count == 1

    @translated()
    def create(self, user_id: UserId, now: dt.datetime, epoch: int) -> None:
        """Create an empty home to be built, unless there is one.

        `epoch` is above all earlier epochs of this user.
        """
        document: Document = {
            **empty_timeline(home_of(user_id)),
            "state": "building",
            "epoch": epoch,
            "terms": epoch,
            "last_read_at": now,
        }
        try:
            self._timelines.insert_one(document)
        except DuplicateKeyError:
            return

    @translated()
    def finish(self, lease: CompactionLease) -> bool:
        """Open a home that was built to readers; False if the lease is lost."""
        result = self._timelines.update_one(
            {"_id": lease.owner, "upkeep.owner": lease.holder, "state": "building"},
            {"$set": {"state": "ok"}, "$inc": {"version": 1}},
        )
        return result.matched_count == 1
