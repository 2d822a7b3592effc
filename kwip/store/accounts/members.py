"""Lists of users for staff and operators, by role and state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.domain.accounts.members import MemberState
from kwip.domain.accounts.roles import STAFF
from kwip.store.accounts.users import to_user
from kwip.store.client import ONE_BATCH, translated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.members import MemberQuery
    from kwip.domain.accounts.users import User
    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store

_IN_STATE: dict[MemberState, Document] = {
    MemberState.ACTIVE: {"is_suspended": {"$ne": True}, "is_silenced": {"$ne": True}},
    MemberState.SILENCED: {"is_silenced": True},
    MemberState.SUSPENDED: {"is_suspended": True},
}


class MemberStore:
    """Pages of the `users` collection; each is one query."""

    def __init__(self, store: Store):
        self._users = store.database["users"]
        self._credentials = store.database["credentials"]

    @translated()
    def page(
        self, asked: MemberQuery, among: Sequence[UserId] | None = None
    ) -> list[User]:
        """Read one page of users; only those in `among`, if it is given.

        Users of one role or state are found by an index; of two conditions, the
        second one is looked up in the documents.
        """
        order = ASCENDING if asked.is_oldest_first else DESCENDING
        ids: Document = {} if among is None else {"$in": list(among)}
        if asked.beyond is not None:
            ids["$gt" if asked.is_oldest_first else "$lt"] = asked.beyond
        place: Document = {"_id": ids} if ids else {}
        wanted: Document = {} if asked.role is None else {"role": asked.role}
        if asked.is_staff:
            wanted["role"] = {"$in": sorted(STAFF)}
        if asked.state is MemberState.UNCONFIRMED:
            return self._unconfirmed(place, wanted, order, asked.limit)
        if asked.state is not None:
            wanted |= _IN_STATE[asked.state]
        found = self._users.find(place | wanted).sort("_id", order).limit(asked.limit)
        return [to_user(document) for document in found.batch_size(ONE_BATCH)]

    def _unconfirmed(
        self, place: Document, wanted: Document, order: int, limit: int
    ) -> list[User]:
        """Read users whose credentials say that they have yet to confirm an address."""
        found = self._credentials.aggregate(
            [
                {"$match": {**place, "email_confirmed_at": None}},
                {"$sort": {"_id": order}},
                {
                    "$lookup": {
                        "from": "users",
                        "localField": "_id",
                        "foreignField": "_id",
                        "pipeline": [{"$match": wanted}],
                        "as": "users",
                    }
                },
                {"$unwind": "$users"},
                {"$limit": limit},
                {"$replaceWith": "$users"},
            ],
            batchSize=ONE_BATCH,
        )
        return [to_user(document) for document in found]
