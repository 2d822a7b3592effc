"""The hashtags that profiles feature, and how often their authors use them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from pymongo import DESCENDING

from kwip.domain.accounts.users import MAX_FEATURED_TAGS
from kwip.domain.ids import PostId
from kwip.store.client import ONE_BATCH, translated
from kwip.store.paging import union

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwip.domain.accounts.users import FeaturedTag
    from kwip.domain.ids import UserId
    from kwip.store.client import Document, Store

#: Posts of one hashtag that are counted, at most.
MAX_COUNTED = 10_000
#: Posts that suggestions are made from.
MAX_RECENT = 200
#: Posts that have hashtags, in a form that can use the index.
_TAGGED = {"tags.0": {"$exists": True}}


class TagUse(NamedTuple):
    """How many public posts of an author have a hashtag, and the newest of them."""

    posts_count: int
    last_id: PostId


class FeaturedTagStore:
    """The field `featured_tags` of `users`, and counts of an author's `posts`."""

    def __init__(self, store: Store):
        self._users = store.database["users"]
        self._posts = store.database["posts"]

    @translated()
    def add(self, user_id: UserId, tag: FeaturedTag) -> None:
        """Feature a hashtag, unless it is featured or too many are."""
        full = f"featured_tags.{MAX_FEATURED_TAGS - 1}"
        self._users.update_one(
            {
                "_id": user_id,
                "featured_tags.name": {"$ne": tag.name},
                full: {"$exists": False},
            },
            {
                "$push": {"featured_tags": {"id": tag.id, "name": tag.name}},
                "$inc": {"version": 1},
            },
        )

    @translated()
    def remove(self, user_id: UserId, tag_id: int) -> None:
        """Feature a hashtag no more; safe to repeat."""
        self._users.update_one(
            {"_id": user_id, "featured_tags.id": tag_id},
            {"$pull": {"featured_tags": {"id": tag_id}}, "$inc": {"version": 1}},
        )

    @translated()
    def uses(self, author_id: UserId, names: Sequence[str]) -> dict[str, TagUse]:
        """Count an author's public posts with some hashtags; one command for all.

        Those that no post has are absent; index `author_id, tags, _id`.
        """
        if not names:
            return {}
        found = union(self._posts, [_use(author_id, name) for name in names])
        return {
            d["name"]: TagUse(d["posts_count"], PostId(d["last_id"])) for d in found
        }

    @translated()
    def recent(self, author_id: UserId) -> list[str]:
        """List the hashtags of an author's newest posts, the most used first."""
        found = self._posts.find(
            {"author_id": author_id, "is_tombstone": False}, {"_id": 0, "tags": 1}
        )
        newest = found.sort("_id", DESCENDING).limit(MAX_RECENT).batch_size(ONE_BATCH)
        counts = Counter(tag for d in newest for tag in d.get("tags", ()))
        return [name for name, _ in counts.most_common()]


def _use(author_id: UserId, name: str) -> list[Document]:
    return [
        {"$match": {"author_id": author_id, "tags": name, **_TAGGED}},
        {"$sort": {"_id": DESCENDING}},
        {"$limit": MAX_COUNTED},
        {
            "$group": {
                "_id": None,
                "posts_count": {"$sum": 1},
                "last_id": {"$max": "$_id"},
            }
        },
        {"$set": {"name": {"$literal": name}}},
    ]
