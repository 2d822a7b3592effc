"""Who gets an author's posts, and what waits to go the same way, in one look.

Five questions of five places, each answered from an index: asked one after the other
they take four round trips more, which is what a post with few followers costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pymongo import ASCENDING

from kwip.domain.ids import PostId, UserId
from kwip.store.list_edges import PRESENT

if TYPE_CHECKING:
    from pymongo.database import Database

    from kwip.store.client import Document

Stage = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audience:
    """Who gets an author's posts, as one look has found.

    Whoever comes later looks for the posts, which were there before.

    Attributes:
        followers_count: What the author's counter says.
        followers: The first active ones, lowest first.
        is_in_lists: Whether any list holds the author.
        has_subscribers: Whether any follower asks to be told of each post.
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
    """Look at an author's audience, and before that for posts that wait, by a query.

    `most` says how many posts and how many followers at most. The posts come first:
    who follows after the look at the followers finds them.
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
                {"$project": {"_id": 0, "follower_id": 1}},
            ],
        ),
        _union("list_members", _first(by_member, 1, {"_id": 0, "list_id": 1})),
        _union(
            "followers",
            _first({**by_followee, "notify": True}, 1, {"_id": 0, "asking": asking}),
        ),
    ]
    cursor = database["users"].aggregate(stages, batchSize=posts + followers + 3)
    found = cursor.to_list()
    audience = Audience(
        next((d["followers_count"] for d in found if "followers_count" in d), 0),
        tuple(UserId(d["follower_id"]) for d in found if "follower_id" in d),
        is_in_lists=any("list_id" in d for d in found),
        has_subscribers=any("asking" in d for d in found),
    )
    return audience, [PostId(d["_id"]) for d in found if "_id" in d]


def _first(query: Document, limit: int, fields: Document) -> list[Stage]:
    return [{"$match": query}, {"$limit": limit}, {"$project": fields}]


def _union(collection: str, pipeline: list[Stage]) -> Stage:
    return {"$unionWith": {"coll": collection, "pipeline": pipeline}}
