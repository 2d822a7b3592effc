"""The updates that deliver ids into open buckets.

On a server that is not sharded, one `update_many` is enough. On a sharded cluster it
may miss documents whose chunk is being moved, so each owner gets an update with the
shard key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import UpdateOne

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.collection import Collection

    from kwip.store.client import Document

#: Single updates in one bulk.
BATCH = 500


def push(
    timelines: Collection[Document],
    owners: Sequence[str],
    ids: Sequence[int],
    *,
    is_sharded: bool,
) -> int:
    """Add ids to the owners' open buckets that lack them; count the changed ones."""
    guard, update = _delivery(ids)
    if not is_sharded:
        query = {"_id": {"$in": list(owners)}, **guard}
        return timelines.update_many(query, update).modified_count
    updates = [UpdateOne({"_id": owner, **guard}, update) for owner in owners]
    return sum(
        timelines.bulk_write(updates[i : i + BATCH], ordered=False).modified_count
        for i in range(0, len(updates), BATCH)
    )


def _delivery(ids: Sequence[int]) -> tuple[Document, Any]:
    """Return the condition on an owner, and the update; one id needs no pipeline."""
    if len(ids) != 1:
        return {}, append(ids)
    return (
        {"entries": {"$ne": ids[0]}, "floor": {"$lte": ids[0]}},
        {"$push": {"entries": ids[0]}, "$inc": {"version": 1}},
    )


def append(ids: Sequence[int]) -> list[Document]:
    """Append missing ids ≥ floor; logs only the appended elements to the oplog.

    A `$nin` condition would be wrong: an owner that has one of the ids would get none.
    """
    above = {"$filter": {"input": list(ids), "cond": {"$gte": ["$$this", "$floor"]}}}
    missing = {"$setDifference": [above, "$entries"]}
    return [
        {"$set": {"missing": missing}},
        {
            "$set": {
                "entries": {"$concatArrays": ["$entries", "$missing"]},
                "version": {"$add": ["$version", {"$size": "$missing"}]},
            }
        },
        {"$unset": "missing"},
    ]
