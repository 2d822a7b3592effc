"""Store documents of older schemas as newer ones, while everybody reads and writes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bson import json_util
from bson.min_key import MinKey
from pymongo import UpdateOne

from kwip.store.client import translated
from kwip.store.paging import page_after
from kwip.store.upgrades import schema_of, upgrade

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from kwip.store.client import Document, Store

#: The place before the first document.
BEGINNING = json_util.dumps(MinKey())


@dataclass(frozen=True, slots=True)
class Page:
    """Documents in the order of their ids.

    Attributes:
        last: The place of the last of them.
        size: How many there are, of any schema.
        older: The schemas of the older ones, by id.
    """

    last: str
    size: int
    older: Mapping[Any, int]


class MigrationStore:
    """Goes through collections, and stores what is older as `upgrade` makes it."""

    def __init__(self, store: Store):
        self._database = store.database

    @translated()
    def size(self, collection: str) -> int:
        """Return about how many documents there are."""
        return self._database[collection].estimated_document_count()

    @translated()
    def page(self, collection: str, after: str, limit: int) -> Page | None:
        """Look at the documents after a place; None if there are none.

        Args:
            collection: Where they are.
            after: `BEGINNING`, or the last place of the page before.
            limit: How many there are at most.
        """
        documents, above = self._database[collection], json_util.loads(after)
        fields = {"_id": 1, "schema": 1}
        found = {
            d["_id"]: d["schema"]
            for d in page_after(documents, {}, above, limit, fields)
        }
        if not found:
            return None
        older = {i: n for i, n in found.items() if n < schema_of(collection)}
        return Page(json_util.dumps(list(found)[-1]), len(found), older)

    @translated()
    def older(self, collection: str, ids: Collection[Any]) -> list[Document]:
        """Read those of some documents that are of an older schema now."""
        query = {"_id": {"$in": list(ids)}, "schema": {"$lt": schema_of(collection)}}
        return list(self._database[collection].find(query))

    @translated()
    def upgrade(self, collection: str, documents: Sequence[Document]) -> None:
        """Store older documents as new ones, unless they have changed meanwhile.

        Those that have are left as they are, for another attempt; so nobody's write is
        undone, whichever version it comes from.
        """
        writes = [
            UpdateOne(_unchanged(each), _changes(each, _upgraded(collection, each)))
            for each in documents
        ]
        if writes:
            self._database[collection].bulk_write(writes, ordered=False)


def _upgraded(collection: str, document: Document) -> Document:
    new: Document = upgrade(collection, deepcopy(document))
    return new


def _unchanged(document: Document) -> Document:
    """Match a document while all of it is as it was read."""
    as_read = {"$eq": ["$$ROOT", {"$literal": document}]}
    return {"_id": document["_id"], "schema": document["schema"], "$expr": as_read}


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Document:
    """Return the update that makes one document of another."""
    missing = object()
    changed = {k: v for k, v in new.items() if old.get(k, missing) != v}
    removed = dict.fromkeys(old.keys() - new.keys(), "")
    return {"$set": changed} | ({"$unset": removed} if removed else {})
