"""Transactions that must not overlap: each writes the same document first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwip.domain.ids import NOBODY
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from kwip.store.client import Store


def take_turn(store: Store, name: str, session: Any) -> None:
    """Write a claim of nobody, so that two transactions at once conflict.

    One of the two is repeated then, and sees what the other one has done.
    """
    claim = {"schema": schema_of("claims"), "user_id": NOBODY}
    store.database["claims"].update_one(
        {"_id": name},
        {"$inc": {"version": 1}, "$setOnInsert": claim},
        upsert=True,
        session=session,
    )
