"""What an index is; `kwip.store.indexes` has all of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Index:
    """One index: its keys in order, and the query that it is for."""

    keys: tuple[tuple[str, int], ...]
    needed_by: str
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name made from the keys, for example `author_id_1__id_-1`."""
        return "_".join(f"{key}_{order}" for key, order in self.keys)


def ttl(needed_by: str) -> Index:
    """Make the index by which MongoDB deletes documents at their `expires_at`."""
    return Index((("expires_at", ASCENDING),), needed_by, {"expireAfterSeconds": 0})
