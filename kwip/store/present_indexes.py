"""Which of the declared indexes a database has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.store.client import translated
from kwip.store.indexes import INDEXES

if TYPE_CHECKING:
    from pymongo.database import Database


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
