"""Mutes: users whose posts a user does not want to see, for how long and how much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.store.client import translated
from kwip.store.due_work import DueWork
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    import datetime as dt

    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store


class MuteStore(DueWork):
    """The `mutes` collection; those with an end are due then."""

    def __init__(self, store: Store):
        self._mutes = store.database["mutes"]
        super().__init__(self._mutes, {}, shard_key="user_id")

    @translated()
    def mute(
        self,
        user_id: UserId,
        other_id: UserId,
        *,
        expires_at: dt.datetime | None = None,
        hides_notifications: bool = True,
    ) -> None:
        """Write a mute, or change the terms of one."""
        document: Document = {
            "schema": schema_of("mutes"),
            "user_id": user_id,
            "other_id": other_id,
            "hides_notifications": hides_notifications,
            "expires_at": expires_at,
        }
        if expires_at is not None:
            document["due_at"] = expires_at
        self._mutes.replace_one(_key(user_id, other_id), document, upsert=True)

    @translated()
    def unmute(self, user_id: UserId, other_id: UserId) -> None:
        """End a mute."""
        self._mutes.delete_one(_key(user_id, other_id))

    @translated()
    def end_expired(self, user_id: UserId, other_id: UserId, now: dt.datetime) -> None:
        """End a mute if its time is over; it may have been extended meanwhile."""
        over = {"expires_at": {"$lte": now}}
        self._mutes.delete_one(_key(user_id, other_id) | over)


def mutes_in(user_ids: Document) -> Document:
    """Add users' mutes to a pipeline.

    `is_over` says whether a mute has ended, by the clock of MongoDB.
    """
    ends = "$expires_at"
    fields = {
        "_id": 0,
        "user_id": 1,
        "other_id": 1,
        "expires_at": 1,
        "hides_notifications": 1,
        "is_over": {"$and": [{"$gt": [ends, None]}, {"$lte": [ends, "$$NOW"]}]},
        "direction": {"$literal": "mutes"},
    }
    query = {"user_id": user_ids}
    return {"coll": "mutes", "pipeline": [{"$match": query}, {"$project": fields}]}


def _key(user_id: UserId, other_id: UserId) -> Document:
    return {"_id": f"{user_id}:{other_id}", "user_id": user_id}
