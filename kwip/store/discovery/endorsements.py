"""The people whom profiles feature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.accounts.users import MAX_ENDORSED
from kwip.store.client import translated

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.store.client import Store


class EndorsementStore:
    """The field `endorsed_ids` of `users`."""

    def __init__(self, store: Store):
        self._users = store.database["users"]

    @translated()
    def endorse(self, user_id: UserId, other_id: UserId) -> None:
        """Feature somebody, unless they are featured or too many are."""
        full = f"endorsed_ids.{MAX_ENDORSED - 1}"
        self._users.update_one(
            {
                "_id": user_id,
                "endorsed_ids": {"$ne": other_id},
                full: {"$exists": False},
            },
            {
                "$push": {"endorsed_ids": {"$each": [other_id], "$position": 0}},
                "$inc": {"version": 1},
            },
        )

    @translated()
    def unendorse(self, user_id: UserId, other_id: UserId) -> None:
        """Feature somebody no more; safe to repeat."""
        self._users.update_one(
            {"_id": user_id, "endorsed_ids": other_id},
            {"$pull": {"endorsed_ids": other_id}, "$inc": {"version": 1}},
        )
