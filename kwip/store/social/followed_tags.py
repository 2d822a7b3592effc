"""The hashtags that each user follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo.errors import DuplicateKeyError

from kwip.domain.timelines.tags import MAX_FOLLOWED_TAGS
from kwip.store.client import translated
from kwip.store.upgrades import schema_of

if TYPE_CHECKING:
    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store


class FollowedTagStore:
    """The `followed_tags` collection: one document per user."""

    def __init__(self, store: Store):
        self._tags = store.database["followed_tags"]

    @translated()
    def follow(self, user_id: UserId, tag: str) -> bool:
        """Add a hashtag by its folded name; False if the user follows too many."""
        free = {f"tags.{MAX_FOLLOWED_TAGS - 1}": {"$exists": False}}
        try:
            self._tags.update_one(
                {"_id": user_id, "$or": [{"tags": tag}, free]},
                {
                    "$addToSet": {"tags": tag},
                    "$setOnInsert": {"schema": schema_of("followed_tags")},
                },
                upsert=True,
            )
        except DuplicateKeyError:  # the document exists, and is full
            return False
        return True

    @translated()
    def unfollow(self, user_id: UserId, tag: str) -> None:
        """Remove a hashtag."""
        self._tags.update_one({"_id": user_id}, {"$pull": {"tags": tag}})


def followed_tags(user_ids: Document) -> Document:
    """Add users' followed hashtags to a pipeline: `user_id`, `tags`, `direction`."""
    fields = {"_id": 0, "user_id": "$_id", "tags": 1, "direction": {"$literal": "tags"}}
    return {
        "coll": "followed_tags",
        "pipeline": [{"$match": {"_id": user_ids}}, {"$project": fields}],
    }
