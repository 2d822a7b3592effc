"""Homes of people who have stopped reading: found, hibernated, and made again.

A home goes from `ok` to `dropping` and away, and comes back as `building`; readers
look into it only while it is `ok`. Every step may be repeated, and none does harm when
it comes too late: documents change under the compaction lease, buckets of an earlier
epoch alone are given an end, and an edge never goes back behind a later decision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from pymongo import ASCENDING, ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from kwip.store.buckets import empty_timeline, home_of, user_of
from kwip.store.client import translated
from kwip.store.edges import PRESENT, follower_key

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store
    from kwip.store.timelines import CompactionLease

#: So many edges change with one command.
BATCH = 500
#: All homes, and no other timeline.
_HOMES = {"$gte": "home:", "$lt": "home;"}
UNFINISHED = {"$in": ["building", "dropping"]}


class Standing(NamedTuple):
    """What state a home is in, and when it was last read."""

    state: str
    last_read_at: dt.datetime | None


class HibernationStore:
    """The life of homes in `timelines`, and `active` in `followers`."""

    def __init__(self, store: Store):
        self._timelines = store.database["timelines"]
        self._buckets = store.database["timeline_buckets"]
        self._follows = store.database["follows"]
        self._followers = store.database["followers"]

    @translated()
    def touch(self, user_id: UserId, now: dt.datetime, before: dt.datetime) -> bool:
        """Note that a home is read, if that was last noted before a time."""
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
    def find(self, user_id: UserId) -> Standing | None:
        """Tell how a home stands; None if there is none."""
        fields = {"state": 1, "last_read_at": 1}
        found = self._timelines.find_one({"_id": home_of(user_id)}, fields)
        return (
            None if found is None else Standing(found["state"], found["last_read_at"])
        )

    @translated()
    def date_undated(self, now: dt.datetime, limit: int) -> int:
        """Take homes of which no loader is known as read now; count them."""
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
        """List whose homes were last read before a time, the longest ago first."""
        found = self._timelines.find({"last_read_at": {"$lt": before}}, {"_id": 1})
        ordered = found.sort("last_read_at", ASCENDING).limit(limit)
        return [user_of(d["_id"]) for d in ordered]

    @translated()
    def unfinished(self, now: dt.datetime, limit: int) -> list[UserId]:
        """List whose homes somebody began to lay down or to build, and left."""
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
        """Let nobody look into a home any more; None if it was read meanwhile.

        The lease's term rises to `term`, so that it is above that of all follows.
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
        """Say whether fan-out delivers to a user, as it was decided in a term.

        An edge of which it was decided in a later one stays as it is. One query, and a
        command for `BATCH` edges.
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
        """Delete a home that is being dropped; its buckets go at a later time.

        Readers that have found the home may still look for them.
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
        """Make a home that is to be built, unless there is one.

        `epoch` is above those of all that a user had before.
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
        """Let readers look into a home that is built; False if the lease is lost."""
        result = self._timelines.update_one(
            {"_id": lease.owner, "upkeep.owner": lease.holder, "state": "building"},
            {"$set": {"state": "ok"}, "$inc": {"version": 1}},
        )
        return result.matched_count == 1
