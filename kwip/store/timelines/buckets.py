"""Buckets: the documents that hold the ids of a timeline, and what is read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

from kwip.domain.ids import UserId
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.timelines.timelines import Seal
    from kwip.store.client import Document


@dataclass(frozen=True, slots=True)
class OpenBucket:
    """The open bucket as it was read; `version` changes with every write.

    Readers use it only if `state` is ok. `sealed_to` is the highest id that was sealed
    in this epoch: 0 if none was, None if unknown because the timeline was sealed before
    the field existed.
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
        """Return all stored ids above what is sealed, newest first.

        Empty if that is unknown. If a seal inserted a bucket but its cut failed, all
        ids of that bucket are still here.
        """
        if self.sealed_to is None:
            return []
        lowest = max(self.floor, self.sealed_to + 1)
        return sorted({i for i in self.entries if i >= lowest}, reverse=True)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a timeline stores: ids ≥ floor without duplicates, newest first.

    All of it, unless it `goes_on` below.
    """

    open: OpenBucket
    ids: tuple[int, ...]
    goes_on: bool = False


def home_of(user_id: UserId) -> str:
    """Return the name of a user's home timeline."""
    return f"home:{user_id}"


def user_of(owner: str) -> UserId:
    """Return the user whose home timeline it is."""
    return UserId(int(owner.removeprefix("home:")))


def empty_timeline(owner: str) -> Document:
    """Return the document of a timeline that stores nothing yet."""
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


def in_use(bucket: OpenBucket) -> Document:
    """Match the sealed buckets that belong to an open bucket."""
    return {
        "owner": bucket.owner,
        "epoch": bucket.epoch,
        "high": {"$gte": bucket.floor},
    }


def bucket_document(owner: str, epoch: int, ids: Sequence[int]) -> Document:
    """Return the document of a sealed bucket; `ids` are in ascending order."""
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
    """Cut an open bucket, if unchanged, to what a seal keeps."""
    change: Document = {"entries": list(seal.keep)}
    if bucket.sealed_to is not None:
        change["sealed_to"] = max(bucket.sealed_to, *seal.cut[-1:])
    return UpdateOne(
        {"_id": bucket.owner, "version": bucket.version, "epoch": bucket.epoch},
        {"$set": change, "$inc": {"version": 1}},
    )


def tops(buckets: Sequence[OpenBucket], enough: int) -> dict[str, Stored]:
    """Return the ids above the sealed part, for timelines that have enough of them."""
    return {
        bucket.owner: Stored(bucket, tuple(top), goes_on=True)
        for bucket in buckets
        if bucket.sealed_to and len(top := bucket.top) >= enough
    }


def union_operation(document: Document) -> UpdateOne:
    """Add the ids of a sealed bucket to the one with the same name."""
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


def to_open(document: Document) -> OpenBucket:
    """Convert the document of an open bucket."""
    return OpenBucket(
        document["_id"],
        tuple(document["entries"]),
        document["floor"],
        document["epoch"],
        document["version"],
        document["state"],
        document.get("sealed_to"),
    )
