"""The conversations that each user has muted."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from kwip.domain.ids import PostId, UserId
from kwip.domain.social.relationships import MAX_CONVERSATIONS
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.collection import Collection

    from kwip.store.client import Document, Store


class MutedConversationStore:
    """The `muted_conversations` collection: one document per user."""

    def __init__(self, store: Store):
        self._muted = store.database["muted_conversations"]

    @translated()
    def mute(self, user_id: UserId, root_id: PostId) -> None:
        """Add a conversation; of too many, the one that was muted first is dropped."""
        add_conversation(self._muted, user_id, root_id)

    @translated()
    def unmute(self, user_id: UserId, root_id: PostId) -> None:
        """Remove a conversation."""
        self._muted.update_one({"_id": user_id}, {"$pull": {"root_ids": root_id}})

    @translated()
    def muting(
        self, user_ids: Sequence[UserId], root_ids: Sequence[PostId]
    ) -> set[tuple[UserId, PostId]]:
        """Return who of some users has muted which of some conversations; one query."""
        wanted = list(root_ids)
        found = self._muted.aggregate(
            [
                {"$match": {"_id": {"$in": list(user_ids)}}},
                {"$project": {"muted": {"$setIntersection": ["$root_ids", wanted]}}},
            ]
        )
        return {(UserId(d["_id"]), PostId(i)) for d in found for i in d["muted"]}


def add_conversation(
    collection: Collection[Document], user_id: UserId, root_id: PostId
) -> None:
    """Add a conversation to a user's; of too many, the first one is dropped."""
    with suppress(DuplicateKeyError):  # it is there already
        collection.update_one(
            {"_id": user_id, "root_ids": {"$ne": root_id}},
            {
                "$push": {
                    "root_ids": {"$each": [root_id], "$slice": -MAX_CONVERSATIONS}
                },
                "$setOnInsert": {"schema": schema_of(collection.name)},
            },
            upsert=True,
        )


def muted_conversations(user_ids: Document) -> Document:
    """Add users' muted conversations to a pipeline: `user_id`, `root_ids`."""
    return conversations_in("muted_conversations", "conversations", user_ids)


def conversations_in(collection: str, direction: str, user_ids: Document) -> Document:
    """Add users' conversations of one kind to a pipeline."""
    fields = {
        "_id": 0,
        "user_id": "$_id",
        "root_ids": 1,
        "direction": {"$literal": direction},
    }
    return {
        "coll": collection,
        "pipeline": [{"$match": {"_id": user_ids}}, {"$project": fields}],
    }
