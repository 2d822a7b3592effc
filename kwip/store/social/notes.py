"""Private notes that users keep about others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwip.domain.ids import UserId
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kwip.store.client import Document, Store


class NoteStore:
    """The `notes` collection: one document per user and other user."""

    def __init__(self, store: Store):
        self._notes = store.database["notes"]

    @translated()
    def write(self, user_id: UserId, other_id: UserId, text: str) -> None:
        """Replace a note; an empty one is deleted."""
        key = {"_id": f"{user_id}:{other_id}", "user_id": user_id}
        if not text:
            self._notes.delete_one(key)
            return
        document = {
            "schema": schema_of("notes"),
            "user_id": user_id,
            "other_id": other_id,
            "text": text,
        }
        self._notes.replace_one(key, document, upsert=True)

    @translated()
    def by_user(
        self, user_id: UserId, other_ids: Collection[UserId]
    ) -> Mapping[UserId, str]:
        """Read a user's notes about some others, in one query."""
        query = {"user_id": user_id, "other_id": {"$in": list(other_ids)}}
        found = self._notes.find(query, {"_id": 0, "other_id": 1, "text": 1})
        return {UserId(d["other_id"]): d["text"] for d in found}


def noted(user_ids: Document) -> Document:
    """Add who users have notes about to a pipeline; answered from the index alone."""
    fields = {
        "_id": 0,
        "user_id": 1,
        "other_id": 1,
        "direction": {"$literal": "noted"},
    }
    query = {"user_id": user_ids}
    return {"coll": "notes", "pipeline": [{"$match": query}, {"$project": fields}]}
