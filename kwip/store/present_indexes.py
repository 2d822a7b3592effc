"""Which of the declared indexes a database has, and how it gets the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo import IndexModel
from pymongo import timeout as time_limit

from kwip.store.client import translated
from kwip.store.indexes import IMAGED, INDEXES

if TYPE_CHECKING:
    from pymongo.database import Database

    from kwip.store.index import Index

_IMAGES = "changeStreamPreAndPostImages"
#: How long all indexes may take; a client's own limit is much shorter.
_BUILDING_S = 24 * 3_600


@translated()
def present_indexes(database: Database[dict[str, Any]]) -> dict[str, set[str]]:
    """Return the names of the existing indexes, by collection."""
    return {name: set(database[name].index_information()) for name in INDEXES}


def missing_indexes(database: Database[dict[str, Any]]) -> list[str]:
    """Return the missing indexes as `collection.name`; a command for each collection.

    Raises:
        StoreUnavailableError: MongoDB does not answer.
    """
    present = present_indexes(database)
    return [
        f"{collection}.{index.name}"
        for collection, indexes in INDEXES.items()
        for index in indexes
        if index.name not in present[collection]
    ]


@translated()
def ensure_indexes(database: Database[dict[str, Any]]) -> dict[str, list[str]]:
    """Create missing indexes; return the names created, by collection.

    Collections are created too, because a transaction must not meet a missing one.
    An index of a large collection may take hours, longer than any other command.
    """
    with time_limit(_BUILDING_S):
        return _ensure_indexes(database)


def _ensure_indexes(database: Database[dict[str, Any]]) -> dict[str, list[str]]:
    created: dict[str, list[str]] = {}
    existing = {c["name"]: c["options"] for c in database.list_collections()}
    for collection, indexes in INDEXES.items():
        if collection not in existing:
            database.create_collection(collection)
        present = set(database[collection].index_information())
        missing = [index for index in indexes if index.name not in present]
        if missing:
            database[collection].create_indexes([_model(i) for i in missing])
            created[collection] = [index.name for index in missing]
        if collection in IMAGED and _IMAGES not in existing.get(collection, {}):
            database.command({"collMod": collection, _IMAGES: {"enabled": True}})
    return created


def _model(index: Index) -> IndexModel:
    return IndexModel(list(index.keys), name=index.name, **index.options)
