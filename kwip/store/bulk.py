"""Bulk inserts that are safe to repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymongo.errors import BulkWriteError

from kwip.domain.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.store.client import Document

DUPLICATE_KEY = 11000


def insert_new(collection: Any, documents: Sequence[Document]) -> None:
    """Insert documents; those whose `_id` exists already are left unchanged.

    Raises:
        StoreUnavailableError: It is not known whether a majority has them.
    """
    if not documents:
        return
    try:
        collection.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        duplicates_in(error)


def duplicates_in(error: BulkWriteError) -> list[int]:
    """Return which of the documents existed already, if nothing else is wrong.

    Raises:
        StoreUnavailableError: It is not known whether a majority has the others.
        BulkWriteError: The same error, if it has another reason.
    """
    if error.details["writeConcernErrors"]:
        raise StoreUnavailableError(reason="not acknowledged") from error
    failed = error.details["writeErrors"]
    if any(each["code"] != DUPLICATE_KEY for each in failed):
        raise error
    return [each["index"] for each in failed]


def insert_missing(collection: Any, documents: Sequence[Document]) -> None:
    """Do the same, but query first: cheaper if most of them exist already."""
    ids = [d["_id"] for d in documents]
    present = {d["_id"] for d in collection.find({"_id": {"$in": ids}}, {"_id": 1})}
    insert_new(collection, [d for d in documents if d["_id"] not in present])
