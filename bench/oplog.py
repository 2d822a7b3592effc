"""How many bytes of oplog a delivery costs, from the entries themselves.

Needs a running stack (`KWIP_HOME`), best right after `kwip world load`. Reads what the
oplog still has of timelines. A delivery is an id that an update appended to an open
bucket; the updates that append nothing (seals, trims, leases of upkeep) are overhead.
"""

from __future__ import annotations

import json
from typing import Any

import pymongo

from config.settings import from_environment
from kwip.embedded import endpoints

#: In an update's entry, `sentries` is what changed in the array `entries`: a flag, and
#: `u<place>` for each element that is new.
_CHANGES = {"$objectToArray": {"$ifNull": ["$o.diff.sentries", {}]}}
_IS_NEW = {"$eq": [{"$substrCP": ["$$this.k", 0, 1]}, "u"]}
_APPENDED = {"$size": {"$filter": {"input": _CHANGES, "cond": _IS_NEW}}}
#: What came first into an empty array is logged as the whole of it; the home's version
#: tells it from a seal's cut.
_WHOLE = {"$size": {"$ifNull": ["$o.diff.u.entries", []]}}
_FIRST = {"$cond": [{"$eq": ["$o.diff.u.version", _WHOLE]}, _WHOLE, 0]}
_DELIVERED = {"$add": [_APPENDED, _FIRST]}


def measure(oplog: Any, database: str) -> dict[str, Any]:
    """Sum bytes and deliveries of all entries that the oplog has of timelines."""
    by_size = {
        row["_id"]: row
        for row in oplog.aggregate(
            [
                {"$match": {"ns": f"{database}.timelines", "op": "u"}},
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
    other = by_size.pop(0, {"updates": 0, "bytes": 0})
    deliveries = sum(n * row["updates"] for n, row in by_size.items())
    pushes = sum(row["updates"] for row in by_size.values())
    pushed = sum(row["bytes"] for row in by_size.values())
    sealed = _sealed_bytes(oplog, database)
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


def _sealed_bytes(oplog: Any, database: str) -> int:
    rows = oplog.aggregate(
        [
            {"$match": {"ns": f"{database}.timeline_buckets"}},
            {"$group": {"_id": None, "bytes": {"$sum": {"$bsonSize": "$$ROOT"}}}},
        ]
    )
    return sum(row["bytes"] for row in rows)


def main() -> None:
    """Print what was measured, as JSON."""
    to = endpoints(from_environment())
    with pymongo.MongoClient[dict[str, Any]](to.mongodb_uri) as client:
        report = measure(client["local"]["oplog.rs"], to.database)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
