"""Write documents of several collections with one command, as tests begin with many.

Each command costs the processors a millisecond or two, whatever it does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.database import Database

    #: Documents by collection.
    Documents = dict[str, list[dict[str, Any]]]

#: So many documents of one collection are better named by their collection.
MANY = 40
_BATCH = 2_000
_MAJORITY = {"w": "majority", "j": True}


def ids_of(database: Database[Any]) -> Documents:
    """Return the ids of all documents, but at most `MANY` of a collection."""
    first, *others = database.list_collection_names()
    unions = [{"$unionWith": {"coll": n, "pipeline": _ids(n)}} for n in others]
    every = database[first].aggregate([*_ids(first), *unions], batchSize=_BATCH)
    found: Documents = {}
    for each in every:
        found.setdefault(each["name"], []).append({"_id": each["_id"]})
    return found


def _ids(name: str) -> list[dict[str, Any]]:
    return [{"$limit": MANY}, {"$project": {"name": {"$literal": name}}}]


def insert(database: Database[Any], documents: Documents) -> None:
    """Insert documents; one with the same `_id` as another replaces it."""
    _apply(database, "i", documents)


def delete(database: Database[Any], documents: Documents) -> None:
    """Delete documents, of which only `_id` is needed."""
    _apply(database, "d", documents)


def _apply(database: Database[Any], op: str, documents: Documents) -> None:
    applied: Sequence[Any] = [
        {"op": op, "ns": f"{database.name}.{name}", "o": document}
        for name, found in documents.items()
        for document in found
    ]
    database.client.admin.command(
        "applyOps",
        applied,
        # Otherwise it would wait until no transaction of another process is open.
        allowAtomic=False,
        writeConcern=_MAJORITY,
    )
