"""Read a collection by key, so that no cursor is held for long, or in many places."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from kwip.store.client import ONE_BATCH

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kwip.store.client import Document


def page_after(
    collection: Any, query: Document, after: object, limit: int, fields: Document
) -> Any:
    """Read documents whose `_id` is above `after`, in order."""
    above = {**query.get("_id", {}), "$gt": after}
    found = collection.find({**query, "_id": above}, fields)
    return found.sort("_id", ASCENDING).limit(limit)


def present(
    collection: Any, ids: Collection[Any], session: Any = None, **query: object
) -> set[Any]:
    """Return which ids are there."""
    wanted = {"_id": {"$in": list(ids)}, **query}
    return {d["_id"] for d in collection.find(wanted, {"_id": 1}, session=session)}


def union(collection: Any, pipelines: Sequence[list[Document]]) -> Any:
    """Read what some pipelines find in one collection; one command."""
    first, *others = pipelines
    rest = [{"$unionWith": {"coll": collection.name, "pipeline": p}} for p in others]
    return collection.aggregate([*first, *rest], batchSize=ONE_BATCH)
