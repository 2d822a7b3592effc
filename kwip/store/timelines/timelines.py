"""Timelines: one small open bucket per owner, and sealed buckets behind it.

`$push` at the tail logs one element to the oplog, whatever the size of the array.
`$slice`, `$position`, `$sort`, `$pull` and `$addToSet` log the whole array and are
never used on the open bucket. Readers read the open bucket first, then the sealed ones:
in the other order they would lose what a seal moves between the two reads. The open
bucket records the highest sealed id, so that what is above it can be read alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymongo import InsertOne, ReturnDocument
from pymongo.errors import BulkWriteError

from kwip.domain.errors import StoreUnavailableError
from kwip.domain.timelines.timelines import READ_RESTART_S, SEAL_AT, plan_seal
from kwip.store.bulk import duplicates_in
from kwip.store.client import translated
from kwip.store.timelines.buckets import (
    Stored,
    bucket_document,
    cut_operation,
    in_use,
    to_open,
    tops,
    union_operation,
)
from kwip.store.timelines.pushing import append, push

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from kwip.domain.ids import PostId
    from kwip.store.client import Document, Store
    from kwip.store.timelines.buckets import OpenBucket

_READ_TRIES = 3


@dataclass(frozen=True, slots=True)
class CompactionLease:
    """The right to rearrange a timeline, and its open bucket when it was granted.

    `term` rises with each lease, so it is unique.
    """

    holder: str
    term: int
    bucket: OpenBucket

    @property
    def owner(self) -> str:
        """The name of the timeline."""
        return self.bucket.owner


class TimelineStore:
    """The `timelines` and `timeline_buckets` collections: deliver, seal, read.

    Args:
        store: The database.
        monotonic: A clock in seconds, to measure how long a read took.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic):
        self._store = store
        self._monotonic = monotonic
        self._timelines = store.database["timelines"]
        self._buckets = store.database["timeline_buckets"]

    @translated()
    def push(self, owners: Sequence[str], ids: Sequence[PostId]) -> int:
        """Add ids to open buckets that lack them; count the changed buckets.

        Up to 1,000 owners. Owners without a timeline are skipped (never `upsert`: it
        would rehydrate hibernating ones), and so are ids below an owner's floor. Safe
        to repeat; an id that was sealed meanwhile is then stored twice, which readers
        do not notice.
        """
        return push(self._timelines, owners, ids, is_sharded=self._store.is_sharded)

    @translated()
    def add(self, owner: str, ids: Sequence[int], *, holder: str) -> bool:
        """Add ids to an open bucket under its compaction lease; False if it is lost."""
        result = self._timelines.update_one(
            {"_id": owner, "upkeep.owner": holder}, append(ids)
        )
        return result.matched_count == 1

    @translated()
    def seal_full(self, owners: Sequence[str]) -> list[str]:
        """Seal the full open buckets among the owners'; return their owners.

        One query finds them; then one bulk of inserts and one of cuts. A bucket that
        changes between the two stays as it is: a later delivery seals it.
        """
        full = [
            to_open(d)
            for d in self._timelines.find(
                {
                    "_id": {"$in": list(owners)},
                    f"entries.{SEAL_AT - 1}": {"$exists": True},
                }
            )
        ]
        if not full:
            return []
        seals = [(bucket, plan_seal(bucket.entries)) for bucket in full]
        self.insert_sealed(
            [
                bucket_document(bucket.owner, bucket.epoch, seal.cut)
                for bucket, seal in seals
                if seal.cut
            ]
        )
        self._timelines.bulk_write(
            [cut_operation(bucket, seal) for bucket, seal in seals], ordered=False
        )
        return [bucket.owner for bucket in full]

    @translated()
    def insert_sealed(self, documents: Sequence[Document]) -> None:
        """Insert sealed buckets; where one exists, add the ids to it.

        Adding is a single update without a prior read, so two processes that seal the
        same bucket cannot lose each other's ids.
        """
        if not documents:
            return
        try:
            self._buckets.bulk_write([InsertOne(d) for d in documents], ordered=False)
        except BulkWriteError as error:
            twice = [documents[index] for index in duplicates_in(error)]
            self._buckets.bulk_write([union_operation(d) for d in twice], ordered=False)

    @translated()
    def find_open(self, owner: str) -> OpenBucket | None:
        """Read one open bucket."""
        document = self._timelines.find_one({"_id": owner})
        return None if document is None else to_open(document)

    def stored(self, owner: str) -> Stored | None:
        """Read everything that a timeline stores, in two queries."""
        return self.stored_many([owner]).get(owner)

    @translated()
    def stored_many(
        self, owners: Sequence[str], *, enough: int | None = None
    ) -> dict[str, Stored]:
        """Read everything that up to 200 timelines store, in two queries.

        For a timeline whose open bucket has `enough` ids above what is sealed, read
        only those: one query, if all of them do.

        Raises:
            StoreUnavailableError: Three attempts took so long that buckets may have
                been deleted meanwhile.
        """
        for _ in range(_READ_TRIES):
            began = self._monotonic()
            found = self._stored(owners, enough)
            if self._monotonic() - began <= READ_RESTART_S:
                return found
        raise StoreUnavailableError(reason="timelines are read too slowly")

    def _stored(self, owners: Sequence[str], enough: int | None) -> dict[str, Stored]:
        buckets = self._open_buckets(owners)
        found = {} if enough is None else tops(buckets, enough)
        return found | self._whole([b for b in buckets if b.owner not in found])

    def _whole(self, buckets: Sequence[OpenBucket]) -> dict[str, Stored]:
        """Read the sealed buckets behind open ones."""
        ids = {bucket.owner: set(bucket.entries) for bucket in buckets}
        if used := [in_use(bucket) for bucket in buckets if bucket.sealed_to != 0]:
            found = self._buckets.find({"$or": used}, {"owner": 1, "entries": 1})
            for sealed in found:
                ids[sealed["owner"]].update(sealed["entries"])
        return {
            bucket.owner: Stored(
                bucket,
                tuple(
                    sorted(
                        (i for i in ids[bucket.owner] if i >= bucket.floor),
                        reverse=True,
                    )
                ),
            )
            for bucket in buckets
        }

    def _open_buckets(self, owners: Sequence[str]) -> list[OpenBucket]:
        found = self._timelines.find({"_id": {"$in": list(owners)}})
        return [to_open(document) for document in found]

    @translated()
    def sizes(self, owners: Sequence[str]) -> Mapping[str, int]:
        """Count the ids in each owner's buckets, including duplicates.

        Two queries; the sealed buckets are those at or above the owner's floor.
        """
        buckets = self._open_buckets(owners)
        sizes = {b.owner: len(b.entries) for b in buckets}
        if buckets:
            for d in self._buckets.find(
                {"$or": [in_use(b) for b in buckets]},
                {"owner": 1, "size": {"$size": "$entries"}},
            ):
                sizes[d["owner"]] += d["size"]
        return sizes

    # Compaction: everything below needs the lease that `take` returns.

    @translated()
    def take(
        self, owner: str, holder: str, now: dt.datetime, until: dt.datetime
    ) -> CompactionLease | None:
        """Take the compaction lease; None if it is held or there is no timeline."""
        document = self._timelines.find_one_and_update(
            {"_id": owner, "$or": [{"upkeep": None}, {"upkeep.until": {"$lt": now}}]},
            {
                "$set": {"upkeep": {"owner": holder, "until": until}},
                "$inc": {"terms": 1},
            },
            return_document=ReturnDocument.AFTER,
        )
        if document is None:
            return None
        return CompactionLease(holder, document["terms"], to_open(document))

    @translated()
    def release(self, owner: str, holder: str) -> None:
        """Release the compaction lease."""
        self._timelines.update_one(
            {"_id": owner, "upkeep.owner": holder}, {"$set": {"upkeep": None}}
        )

    @translated()
    def replace_open(self, old: OpenBucket, new: OpenBucket, *, holder: str) -> bool:
        """Replace an unchanged open bucket `old` by `new`, under the compaction lease.

        Entries, floor and epoch are set together, so readers see all of it or nothing.
        False if the bucket has changed or the lease is lost.
        """
        result = self._timelines.update_one(
            {"_id": old.owner, "version": old.version, "upkeep.owner": holder},
            {
                "$set": {
                    "entries": list(new.entries),
                    "floor": new.floor,
                    "epoch": new.epoch,
                    "sealed_to": new.sealed_to,
                },
                "$inc": {"version": 1},
            },
        )
        return result.modified_count == 1

    @translated()
    def raise_floor(self, owner: str, floor: int, *, holder: str) -> bool:
        """Set the floor, below which nothing is stored; False if the lease is lost."""
        result = self._timelines.update_one(
            {"_id": owner, "upkeep.owner": holder},
            {"$max": {"floor": floor}, "$inc": {"version": 1}},
        )
        return result.matched_count == 1

    @translated()
    def expire_buckets(self, bucket: OpenBucket, at: dt.datetime) -> None:
        """Have MongoDB delete unneeded buckets, not before `at`.

        These are buckets wholly below the floor, and those of older epochs.
        """
        for gone in (
            {"epoch": bucket.epoch, "high": {"$lt": bucket.floor}},
            {"epoch": {"$lt": bucket.epoch}},
        ):
            self._buckets.update_many(
                {"owner": bucket.owner, **gone, "expires_at": {"$exists": False}},
                {"$set": {"expires_at": at}},
            )
