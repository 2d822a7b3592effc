"""Who gets an author's posts, and which other posts are waiting, in one query.

It answers five questions, each from an index. Separate queries would take four more
round trips, most of the cost for an author with few followers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from kwip.domain.ids import PostId, UserId
from kwip.store.social.edges import PRESENT

if TYPE_CHECKING:
    from pymongo.database import Database

    from kwip.store.client import Document

Stage = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who gets an author's posts, as found by one query.

    Followers who come later look for the posts themselves, which are already there.

    Attributes:
        followers_count: The author's counter.
        followers: The first active ones, lowest id first.
        is_in_lists: Whether any list has the author as a member.
        has_subscribers: Whether any follower wants to be notified of each post.
    """

    followers_count: int
    followers: tuple[UserId, ...]
    is_in_lists: bool
    has_subscribers: bool


def look(
    database: Database[dict[str, Any]],
    author_id: UserId,
    *,
    waiting: Document | None,
    most: tuple[int, int],
) -> tuple[Audience, list[PostId]]:
    """Read an author's audience, and before it the waiting posts, in one query.

    `most` is the maximum number of posts and of followers. The posts are read first:
    whoever follows after the followers were read finds them.
    """
    posts, followers = most
    stages = _first({"_id": author_id}, 1, {"_id": 0, "followers_count": 1})
    if waiting is not None:
        stages.append(_union("posts", _first(waiting, posts, {"_id": 1})))
    by_followee: Document = {"followee_id": author_id}
    by_member = {"member_id": author_id, "state": PRESENT}
    asking = {"$literal": True}
    stages += [
        _union(
            "followers",
            [
                {"$match": {**by_followee, "active": True}},
                {"$sort": {"follower_id": ASCENDING}},
                {"$limit": followers},
                {"$group": {"_id": None, "followers": {"$push": "$follower_id"}}},
            ],
        ),
        _union("list_members", _first(by_member, 1, {"_id": 0, "list_id": 1})),
        _union(
            "followers",
            _first({**by_followee, "notify": True}, 1, {"_id": 0, "asking": asking}),
        ),
    ]
    cursor = database["users"].aggregate(stages, batchSize=posts + 4)
    found = cursor.to_list()
    audience = Audience(
        next((d["followers_count"] for d in found if "followers_count" in d), 0),
        tuple(next((d["followers"] for d in found if "followers" in d), ())),
        is_in_lists=any("list_id" in d for d in found),
        has_subscribers=any("asking" in d for d in found),
    )
    return audience, [PostId(d["_id"]) for d in found if d.get("_id")]


def _first(query: Document, limit: int, fields: Document) -> list[Stage]:
    return [{"$match": query}, {"$limit": limit}, {"$project": fields}]


def _union(collection: str, pipeline: list[Stage]) -> Stage:
    return {"$unionWith": {"coll": collection, "pipeline": pipeline}}
