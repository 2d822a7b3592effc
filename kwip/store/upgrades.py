"""Lift documents of older schemas when they are read.

Reading never writes: a lifted document is stored by the next write that sets the
whole of what changed, or by the reindexer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: The schema that each collection is written in today; 1 unless named.
SCHEMAS: Mapping[str, int] = {"users": 2}


def _user_gets_an_avatar(document: dict[str, Any]) -> None:
    """Schema 1 of users had no avatar; an empty one means the drawn default."""
    document.setdefault("avatar", "")


_STEPS: Mapping[tuple[str, int], Callable[[dict[str, Any]], None]] = {
    ("users", 1): _user_gets_an_avatar,
}


def schema_of(collection: str) -> int:
    """Give the schema number that new documents of a collection carry."""
    return SCHEMAS.get(collection, 1)


def lift(collection: str, document: Any) -> Any:
    """Bring a document up to today's schema, in place, and return it."""
    while document["schema"] < schema_of(collection):
        _STEPS[collection, document["schema"]](document)
        document["schema"] += 1
    return document
