"""How large the collections are: documents, their sizes, indexes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwip.store.client import translated
from kwip.store.indexes import INDEXES

if TYPE_CHECKING:
    from kwip.store.client import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One collection; sizes are in bytes.

    Attributes:
        size: All documents, uncompressed.
        stored: What they take on disk, with free space between them.
        average: The average document.
        largest: The largest document; None if it was not looked for.
        indexes: The size of each index on disk.
    """

    collection: str
    documents: int
    size: int
    stored: int
    average: int
    largest: int | None
    indexes: dict[str, int]


@translated()
def shapes(store: Store, *, has_largest: bool) -> list[Shape]:
    """Measure each collection, the largest on disk first.

    Cost: two commands for each; with the largest document, a scan of everything.
    """
    found = set(store.database.list_collection_names())
    names = [name for name in INDEXES if name in found]
    measured = [_shape(store, name, has_largest=has_largest) for name in names]
    return sorted(measured, key=lambda s: -(s.stored + sum(s.indexes.values())))


def _shape(store: Store, name: str, *, has_largest: bool) -> Shape:
    parts = store.database[name].aggregate([{"$collStats": {"storageStats": {}}}])
    indexes: dict[str, int] = {}
    total = {"count": 0, "size": 0, "storageSize": 0}
    for part in parts:  # one for each shard
        stats = part["storageStats"]
        for key in total:
            total[key] += stats.get(key, 0)
        for index, size in stats.get("indexSizes", {}).items():
            indexes[index] = indexes.get(index, 0) + size
    return Shape(
        collection=name,
        documents=total["count"],
        size=total["size"],
        stored=total["storageSize"],
        average=round(total["size"] / total["count"]) if total["count"] else 0,
        largest=_largest(store, name) if has_largest else None,
        indexes=indexes,
    )


def _largest(store: Store, name: str) -> int:
    sizes: dict[str, Any] = {"_id": None, "most": {"$max": {"$bsonSize": "$$ROOT"}}}
    found = next(iter(store.database[name].aggregate([{"$group": sizes}])), None)
    return int(found["most"]) if found else 0
