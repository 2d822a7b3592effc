"""Timelines: one small open bucket per owner, and the sealed buckets behind it.

`$push` at the tail logs one element to the oplog whatever the array's size; `$slice`,
`$position`, `$sort`, `$pull` and `$addToSet` log the whole array and never touch the
open bucket. Readers take the open bucket first and the sealed ones after it: the
other order loses what a seal moves between the two reads. The open bucket knows the
highest id that was sealed, so that what is above it can be read alone.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import InsertOne, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError

from kwip.domain.errors import StoreUnavailableError
from kwip.domain.ids import UserId
from kwip.domain.timelines import READ_RESTART_S, SEAL_AT, Seal, plan_seal
from kwip.store.client import translated
from kwip.store.pushing import append, push
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from kwip.domain.ids import PostId
    from kwip.store.client import Document, Store

_DUPLICATE_KEY = 11000
_READ_TRIES = 3


@dataclass(frozen=True, slots=True)
class OpenBucket:
    """The open bucket as it was when read; `version` changes with every write.

    Readers look into it only if `state` is ok. `sealed_to` is the highest id that a
    seal of this epoch has cut, 0 if there was none, None where that is not known: in
    a timeline that was sealed before it was noted.
    """

    owner: str
    entries: tuple[int, ...]
    floor: int
    epoch: int
    version: int
    state: str
    sealed_to: int | None

    @property
    def top(self) -> list[int]:
        """Everything that the timeline stores above what is sealed, newest first.

        Nothing if that is not known. A bucket that was inserted by a seal whose cut
        was lost has no id that is not here.
        """
        if self.sealed_to is None:
            return []
        lowest = max(self.floor, self.sealed_to + 1)
        return sorted({i for i in self.entries if i >= lowest}, reverse=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a timeline stores: ids ≥ floor without doubles, newest first.

    All of it, unless it `goes_on` below.
    """

    open: OpenBucket
    ids: tuple[int, ...]
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class UpkeepLease:
    """The right to rearrange a timeline, and its open bucket when that was given.

    `term` rises with each lease, so no two of them have the same.
    """

    holder: str
    term: int
    bucket: OpenBucket

    @property
    def owner(self) -> str:
        """Whose timeline it is."""
        return self.bucket.owner


def home_of(user_id: UserId) -> str:
    """Name the home timeline of a user."""
    return f"home:{user_id}"


def user_of(owner: str) -> UserId:
    """Give the user whose home timeline it is."""
    return UserId(int(owner.removeprefix("home:")))


def empty_timeline(owner: str) -> Document:
    """Give the document of a timeline that stores nothing yet."""
    return {
        "_id": owner,
        "schema": schema_of("timelines"),
        "entries": [],
        "floor": 0,
        "epoch": 0,
        "version": 0,
        "sealed_to": 0,
        "state": "ok",
        "upkeep": None,
        "terms": 0,
        "last_read_at": None,
    }


class TimelineStore:
    """The `timelines` and `timeline_buckets` collections: deliver, seal, read.

    Args:
        store: The database.
        monotonic: Seconds, to see how long a read took.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float] = time.monotonic):
        self._store = store
        self._monotonic = monotonic
        self._timelines = store.database["timelines"]
        self._buckets = store.database["timeline_buckets"]

    @translated()
    def push(self, owners: Sequence[str], ids: Sequence[PostId]) -> int:
        """Add ids to open buckets that lack them; count the buckets that changed.

        Up to 1,000 owners. Owners without a timeline are passed over (never
        `upsert`: it would revive dormant ones), ids below an owner's floor too.
        Safe to repeat; an id that was sealed meanwhile is then stored twice, which
        readers do not see.
        """
        return push(self._timelines, owners, ids, is_sharded=self._store.is_sharded)

    @translated()
    def add(self, owner: str, ids: Sequence[int], *, holder: str) -> bool:
        """Add ids to one open bucket under its upkeep lease; False if it is lost."""
        result = self._timelines.update_one(
            {"_id": owner, "upkeep.owner": holder}, append(ids)
        )
        return result.matched_count == 1

    @translated()
    def seal_full(self, owners: Sequence[str]) -> list[str]:
        """Seal those of the owners' open buckets that are full; return whose.

        One query finds them; then one bulk of inserts and one of cuts. A bucket that
        changed between the two is left as it is: a later delivery seals it.
        """
        full = [
            _open(d)
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

        The addition is one update that reads nothing beforehand, so two sealers of
        one bucket cannot lose each other's ids.
        """
        if not documents:
            return
        try:
            self._buckets.bulk_write([InsertOne(d) for d in documents], ordered=False)
        except BulkWriteError as error:
            failed = error.details["writeErrors"]
            if any(f["code"] != _DUPLICATE_KEY for f in failed):
                raise
            twice = [documents[f["index"]] for f in failed]
            self._buckets.bulk_write([_union(d) for d in twice], ordered=False)

    @translated()
    def find_open(self, owner: str) -> OpenBucket | None:
        """Read one open bucket."""
        document = self._timelines.find_one({"_id": owner})
        return None if document is None else _open(document)

    def stored(self, owner: str) -> Stored | None:
        """Read everything that a timeline stores, in two queries."""
        return self.stored_many([owner]).get(owner)

    @translated()
    def stored_many(
        self, owners: Sequence[str], *, enough: int | None = None
    ) -> dict[str, Stored]:
        """Read everything that up to 200 timelines store, in two queries.

        Of a timeline whose open bucket has `enough` ids above what is sealed, those
        alone: one query, if all of them have.

        Raises:
            StoreUnavailableError: It took so long, three times, that buckets may
                have been deleted in the middle of it.
        """
        for _ in range(_READ_TRIES):
            began = self._monotonic()
            found = self._stored(owners, enough)
            if self._monotonic() - began <= READ_RESTART_S:
                return found
        raise StoreUnavailableError(reason="timelines are read too slowly")

    def _stored(self, owners: Sequence[str], enough: int | None) -> dict[str, Stored]:
        buckets = self._open_buckets(owners)
        found = {} if enough is None else _tops(buckets, enough)
        return found | self._whole([b for b in buckets if b.owner not in found])

    def _whole(self, buckets: Sequence[OpenBucket]) -> dict[str, Stored]:
        """Read the sealed buckets behind some open ones."""
        ids = {bucket.owner: set(bucket.entries) for bucket in buckets}
        if used := [_in_use(bucket) for bucket in buckets if bucket.sealed_to != 0]:
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
        return [_open(document) for document in found]

    @translated()
    def sizes(self, owners: Sequence[str]) -> Mapping[str, int]:
        """Count the ids that each owner's buckets hold, doubles included.

        Two queries; the sealed buckets are those at or above the owner's floor.
        """
        buckets = self._open_buckets(owners)
        sizes = {b.owner: len(b.entries) for b in buckets}
        if buckets:
            for d in self._buckets.find(
                {"$or": [_in_use(b) for b in buckets]},
                {"owner": 1, "size": {"$size": "$entries"}},
            ):
                sizes[d["owner"]] += d["size"]
        return sizes

    # Upkeep: everything below holds the lease that `take` gives.

    @translated()
    def take(
        self, owner: str, holder: str, now: dt.datetime, until: dt.datetime
    ) -> UpkeepLease | None:
        """Take the upkeep lease; None if somebody has it or there is no timeline."""
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
        return UpkeepLease(holder, document["terms"], _open(document))

    @translated()
    def release(self, owner: str, holder: str) -> None:
        """Give the upkeep lease back."""
        self._timelines.update_one(
            {"_id": owner, "upkeep.owner": holder}, {"$set": {"upkeep": None}}
        )

    @translated()
    def replace_open(self, old: OpenBucket, new: OpenBucket, *, holder: str) -> bool:
        """Put `new` in the place of an unchanged `old`, under the upkeep lease.

        Entries, floor and epoch are set together, so readers get all of it or
        nothing. False if the bucket has changed or the lease is lost.
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
        """Let a timeline store nothing below `floor`; False if the lease is lost."""
        result = self._timelines.update_one(
            {"_id": owner, "upkeep.owner": holder},
            {"$max": {"floor": floor}, "$inc": {"version": 1}},
        )
        return result.matched_count == 1

    @translated()
    def expire_buckets(self, bucket: OpenBucket, at: dt.datetime) -> None:
        """Have MongoDB delete, not before `at`, what no reader needs any more.

        That is: buckets wholly below the floor, and those of older epochs.
        """
        for gone in (
            {"epoch": bucket.epoch, "high": {"$lt": bucket.floor}},
            {"epoch": {"$lt": bucket.epoch}},
        ):
            self._buckets.update_many(
                {"owner": bucket.owner, **gone, "expires_at": {"$exists": False}},
                {"$set": {"expires_at": at}},
            )


def _in_use(bucket: OpenBucket) -> Document:
    """Match the sealed buckets that readers of an open bucket look at."""
    return {
        "owner": bucket.owner,
        "epoch": bucket.epoch,
        "high": {"$gte": bucket.floor},
    }


def bucket_document(owner: str, epoch: int, ids: Sequence[int]) -> Document:
    """Give the sealed bucket for ids in ascending order."""
    return {
        "_id": f"{owner}:{epoch}:{ids[-1]}",
        "schema": schema_of("timeline_buckets"),
        "owner": owner,
        "epoch": epoch,
        "low": ids[0],
        "high": ids[-1],
        "entries": list(ids),
    }


def cut_operation(bucket: OpenBucket, seal: Seal) -> UpdateOne:
    """Cut an unchanged open bucket to what a seal keeps."""
    change: Document = {"entries": list(seal.keep)}
    if bucket.sealed_to is not None:
        change["sealed_to"] = max(bucket.sealed_to, *seal.cut[-1:])
    return UpdateOne(
        {"_id": bucket.owner, "version": bucket.version, "epoch": bucket.epoch},
        {"$set": change, "$inc": {"version": 1}},
    )


def _tops(buckets: Sequence[OpenBucket], enough: int) -> dict[str, Stored]:
    """Give what is above the sealed part of those timelines where it is enough."""
    return {
        bucket.owner: Stored(bucket, tuple(top), goes_on=True)
        for bucket in buckets
        if bucket.sealed_to and len(top := bucket.top) >= enough
    }


def _union(document: Document) -> UpdateOne:
    both: dict[str, Any] = {"$setUnion": ["$entries", document["entries"]]}
    return UpdateOne(
        {"_id": document["_id"], "owner": document["owner"]},
        [
            {
                "$set": {
                    "entries": {"$sortArray": {"input": both, "sortBy": 1}},
                    "low": {"$min": ["$low", document["low"]]},
                }
            },
            {"$unset": "expires_at"},
        ],
    )


def _open(document: Document) -> OpenBucket:
    return OpenBucket(
        document["_id"],
        tuple(document["entries"]),
        document["floor"],
        document["epoch"],
        document["version"],
        document["state"],
        document.get("sealed_to"),
    )
