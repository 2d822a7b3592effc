"""The conversations that each user follows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from kwip.domain.ids import PostId, UserId
from kwip.store.client import translated
from kwip.store.social.muted_conversations import add_conversation, conversations_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kwip.store.client import Document, Store

#: So many of those who follow a conversation are notified of a reply.
MAX_NOTIFIED = 1_000


class FollowedConversationStore:
    """The `followed_conversations` collection: one document per user."""

    def __init__(self, store: Store):
        self._followed = store.database["followed_conversations"]

    @translated()
    def follow(self, user_id: UserId, root_id: PostId) -> None:
        """Add a conversation; of too many, the one that was added first is dropped."""
        add_conversation(self._followed, user_id, root_id)

    @translated()
    def unfollow(self, user_id: UserId, root_id: PostId) -> None:
        """Remove a conversation."""
        self._followed.update_one({"_id": user_id}, {"$pull": {"root_ids": root_id}})

    @translated()
    def followers(self, root_ids: Sequence[PostId]) -> Mapping[PostId, list[UserId]]:
        """Return who follows some conversations; one query, `MAX_NOTIFIED` users."""
        wanted = set(root_ids)
        found: dict[PostId, list[UserId]] = defaultdict(list)
        query = {"root_ids": {"$in": list(wanted)}}
        for d in self._followed.find(query, {"root_ids": 1}).limit(MAX_NOTIFIED):
            for root_id in wanted.intersection(d["root_ids"]):
                found[root_id].append(UserId(d["_id"]))
        return found


def followed_conversations(user_ids: Document) -> Document:
    """Add the conversations that users follow to a pipeline."""
    return conversations_in("followed_conversations", "followed", user_ids)
