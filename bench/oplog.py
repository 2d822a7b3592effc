"""How many bytes of oplog a delivery costs, from the entries themselves.

A delivery is an id that an update appended to an open bucket; updates that append
nothing (seals, trims, leases of compaction) are overhead.
"""

from __future__ import annotations

from typing import Any

#: In an update's entry, `sentries` is what changed in the array `entries`: a flag, and
#: `u<place>` for each new element.
_CHANGES = {"$objectToArray": {"$ifNull": ["$o.diff.sentries", {}]}}
_IS_NEW = {"$eq": [{"$substrCP": ["$$this.k", 0, 1]}, "u"]}
_APPENDED = {"$size": {"$filter": {"input": _CHANGES, "cond": _IS_NEW}}}
#: The first entries of an empty array are logged as the whole array; the home's version
#: tells this from a seal's cut.
_WHOLE = {"$size": {"$ifNull": ["$o.diff.u.entries", []]}}
_FIRST = {"$cond": [{"$eq": ["$o.diff.u.version", _WHOLE]}, _WHOLE, 0]}
_DELIVERED = {"$add": [_APPENDED, _FIRST]}


def measure(oplog: Any, database: str, *, after: Any, count: int) -> dict[str, Any]:
    """Sum bytes and deliveries of timelines in the oplog after a time.

    Only updates that delivered `count` ids count as deliveries; all others are
    overhead.
    """
    by_size = {
        row["_id"]: row
        for row in oplog.aggregate(
            [
                {
                    "$match": {
                        "ns": f"{database}.timelines",
                        "op": "u",
                        "ts": {"$gt": after},
                    }
                },
                {"$project": {"n": _DELIVERED, "bytes": {"$bsonSize": "$$ROOT"}}},
                {
                    "$group": {
                        "_id": "$n",
                        "updates": {"$sum": 1},
                        "bytes": {"$sum": "$bytes"},
                    }
                },
            ]
        )
    }
    by_size = {n: row for n, row in by_size.items() if n in {0, count}}
    other = by_size.pop(0, {"updates": 0, "bytes": 0})
    deliveries = sum(n * row["updates"] for n, row in by_size.items())
    pushes = sum(row["updates"] for row in by_size.values())
    pushed = sum(row["bytes"] for row in by_size.values())
    sealed = _sealed_bytes(oplog, database, after)
    return {
        "deliveries": deliveries,
        "updates": pushes,
        "bytes_per_delivery": round(pushed / deliveries, 1),
        "bytes_per_update_by_deliveries": {
            n: round(by_size[n]["bytes"] / by_size[n]["updates"], 1)
            for n in sorted(by_size)
        },
        "overhead_per_delivery": {
            "cuts, trims and leases": round(other["bytes"] / deliveries, 1),
            "sealed buckets": round(sealed / deliveries, 1),
        },
    }


def _sealed_bytes(oplog: Any, database: str, after: Any) -> int:
    rows = oplog.aggregate(
        [
            {"$match": {"ns": f"{database}.timeline_buckets", "ts": {"$gt": after}}},
            {"$group": {"_id": None, "bytes": {"$sum": {"$bsonSize": "$$ROOT"}}}},
        ]
    )
    return sum(row["bytes"] for row in rows)
