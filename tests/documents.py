"""Write documents of several collections with one command, as tests begin with many.

Each command costs the processors a millisecond or two, whatever it does.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pymongo import DESCENDING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.database import Database

    #: Documents by collection.
    Documents = dict[str, list[dict[str, Any]]]

#: So many documents of one collection are better named by their collection.
MANY = 40
_BATCH = 2_000
_MAJORITY = {"w": "majority", "j": True}


class Written:
    """Knows to which collections of a database somebody has written.

    It reads what the server has logged for its replicas: a tenth of the work of looking
    into each collection.
    """

    def __init__(self, database: Database[Any]):
        self._database = database
        self._log = database.client.local["oplog.rs"]
        self._names = set(database.list_collection_names())
        last = self._log.find({}, {"ts": 1}).sort("$natural", DESCENDING).limit(1)
        self._read_to = last[0]["ts"]

    def names(self) -> set[str]:
        """Return the names of these collections, since the beginning or `forget`."""
        prefix = f"{self._database.name}."
        ours = {"$regex": f"^{re.escape(prefix)}"}
        is_ours = [{"ns": ours}, {"ns": "admin.$cmd", "o.applyOps.ns": ours}]
        of_entry = {"$ifNull": ["$o.applyOps.ns", ["$ns"]]}
        match = {"ts": {"$gt": self._read_to}, "op": {"$ne": "d"}, "$or": is_ours}
        group = {"_id": of_entry, "ts": {"$max": "$ts"}}
        for found in self._log.aggregate([{"$match": match}, {"$group": group}]):
            self._read_to = max(self._read_to, found["ts"])
            ours_of_it = {n for n in found["_id"] if n.startswith(prefix)}
            self._names |= {name.removeprefix(prefix) for name in ours_of_it}
        if "$cmd" in self._names:  # one was made, dropped or renamed
            self._names = set(self._database.list_collection_names())
        return self._names

    def forget(self) -> None:
        """Forget them: they are empty again."""
        self._names = set()


def ids_of(database: Database[Any], names: Iterable[str] | None = None) -> Documents:
    """Return the ids of all documents, but at most `MANY` of a collection."""
    first, *others = database.list_collection_names() if names is None else names
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
    _apply(database, _each("i", database, documents))


def replace(database: Database[Any], old: Documents, new: Documents) -> None:
    """Delete documents, of which only `_id` is needed, and insert others."""
    _apply(database, [*_each("d", database, old), *_each("i", database, new)])


def _each(op: str, database: Database[Any], documents: Documents) -> list[Any]:
    return [
        {"op": op, "ns": f"{database.name}.{name}", "o": document}
        for name, found in documents.items()
        for document in found
    ]


def _apply(database: Database[Any], applied: list[Any]) -> None:
    database.client.admin.command(
        "applyOps",
        applied,
        # Otherwise it would wait until no transaction of another process is open.
        allowAtomic=False,
        writeConcern=_MAJORITY,
    )
