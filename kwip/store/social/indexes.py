"""The indexes of the collections of what people are to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymongo import ASCENDING, DESCENDING

from kwip.store.index import Index, ttl

if TYPE_CHECKING:
    from collections.abc import Mapping

SOCIAL_INDEXES: Mapping[str, tuple[Index, ...]] = {
    "follows": (
        Index(
            (
                ("follower_id", ASCENDING),
                ("state", ASCENDING),
                ("followee_id", ASCENDING),
                ("notify", ASCENDING),
                ("hides_reposts", ASCENDING),
            ),
            "EdgeStore.followees, RelationshipStore.relations; from the index alone",
        ),
        Index(
            (("due_at", ASCENDING),),
            "EdgeStore.take_due: backfills and purges that the sweeper enqueues",
            {"partialFilterExpression": {"state": {"$in": ["merging", "removed"]}}},
        ),
    ),
    "followers": (
        Index(
            (
                ("followee_id", ASCENDING),
                ("active", ASCENDING),
                ("follower_id", ASCENDING),
            ),
            "EdgeStore.followers: fan-out, answered from the index alone",
        ),
        Index(
            (("followee_id", ASCENDING), ("follower_id", ASCENDING)),
            "EdgeStore.subscribers: who is notified of each new post",
            {"partialFilterExpression": {"notify": True}},
        ),
    ),
    "follow_requests": (
        Index(
            (("followee_id", ASCENDING), ("seq", DESCENDING)),
            "FollowRequestStore.of_user: who asks to follow a user, newest first",
        ),
    ),
    "blocks": (
        Index(
            (
                ("user_id", ASCENDING),
                ("direction", ASCENDING),
                ("other_id", ASCENDING),
            ),
            "RelationshipStore.relations, answered from the index alone",
        ),
    ),
    "mutes": (
        Index(
            (("user_id", ASCENDING), ("other_id", ASCENDING)),
            "RelationshipStore.relations: whom a user mutes",
        ),
        Index(
            (("other_id", ASCENDING),),
            "DeletionStore.muted_by: who mutes a deleted user",
        ),
        Index(
            (("due_at", ASCENDING),),
            "MuteStore.take_due: mutes that end, which the sweeper enqueues",
            {"partialFilterExpression": {"due_at": {"$exists": True}}},
        ),
    ),
    "notes": (
        Index(
            (("user_id", ASCENDING), ("other_id", ASCENDING)),
            "RelationshipStore.relations, NoteStore.by_user: a user's notes",
        ),
        Index(
            (("other_id", ASCENDING),),
            "DeletionStore.forget: notes about a deleted user",
        ),
    ),
    "nudges": (
        Index(
            (("actor_id", ASCENDING), ("kind", ASCENDING), ("at", ASCENDING)),
            "NudgeStore.count: what somebody did today; also for deletion",
        ),
        Index(
            (("recipient_id", ASCENDING),),
            "DeletionStore.forget: nudges of a deleted user",
        ),
        ttl("nudges may be repeated"),
    ),
    "lists": (
        Index(
            (("owner_id", ASCENDING), ("is_exclusive", ASCENDING)),
            "ListStore.of_owners, RelationshipStore.relations: exclusive lists",
        ),
        Index(
            (("due_at", ASCENDING),),
            "ListStore.take_due: deleted lists that the sweeper enqueues",
            {"partialFilterExpression": {"state": "deleted"}},
        ),
    ),
    "list_members": (
        Index(
            (("member_id", ASCENDING), ("list_id", ASCENDING)),
            "ListEdgeStore.lists_with: fan-out",
        ),
        Index(
            (("due_at", ASCENDING),),
            "ListEdgeStore.take_due: backfills and purges that the sweeper enqueues",
            {"partialFilterExpression": {"state": {"$in": ["merging", "removed"]}}},
        ),
    ),
    "followed_tags": (),
    "muted_conversations": (),
    "followed_conversations": (
        Index(
            (("root_ids", ASCENDING),),
            "FollowedConversationStore.followers: who is notified of replies",
        ),
    ),
    "filters": (),
}
