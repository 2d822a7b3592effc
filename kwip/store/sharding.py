"""The shard key of each collection, all in one table.

Every command on a sharded collection names its shard key, so that it goes only to the
shards concerned; the few that go to all are compaction. Indexes on other fields cannot
be unique then, which is why unique values are an `_id`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ShardKey:
    """The field by which a collection is divided, and what that keeps together.

    `step` orders the migration: the largest write load first, and what can be rebuilt.
    Keys that are not hashed are divided by ranges, because they are read in order or by
    a prefix. `then` is a second field of the key, which no command needs to name.
    """

    field: str
    step: int
    together: str
    is_hashed: bool = True
    then: str = ""


SHARD_KEYS: Mapping[str, ShardKey] = {
    "timelines": ShardKey("_id", 1, "a timeline"),
    "timeline_buckets": ShardKey("owner", 1, "the sealed buckets of a timeline"),
    "follows": ShardKey("follower_id", 2, "a user's follows"),
    "followers": ShardKey(
        "followee_id",
        2,
        "a user's followers; a very large following can be split",
        is_hashed=False,
        then="follower_id",
    ),
    "follow_requests": ShardKey("followee_id", 2, "the requests to follow a user"),
    "blocks": ShardKey("user_id", 2, "one side of a user's blocks"),
    "mutes": ShardKey("user_id", 2, "a user's mutes"),
    "list_members": ShardKey("member_id", 2, "a member's lists"),
    "notifications": ShardKey("recipient_id", 3, "a user's notifications"),
    "attachments": ShardKey("owner_id", 3, "a user's attachments"),
    "markers": ShardKey("_id", 3, "a user's read markers"),
    "users": ShardKey("_id", 4, "a user"),
    "credentials": ShardKey("_id", 4, "a user's credentials"),
    "claims": ShardKey("_id", 4, "a user's idempotency keys", is_hashed=False),
    "sessions": ShardKey("_id", 4, "a user's sessions", is_hashed=False),
    "tokens": ShardKey("_id", 4, "a user's tokens", is_hashed=False),
}
