"""The shard key of each collection: the one table of them.

Every command on a sharded collection names its shard key, so that it goes to the
shards that have something of it; those that go to all are compaction, and few. Indexes
on other fields cannot be unique then, which is why what must be unique is in an `_id`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ShardKey:
    """By which field a collection is divided, and what that keeps together.

    `step` orders the move: the largest write load first, and what can be rebuilt. What
    is not hashed is divided by ranges, for it is read in the order of its key or by the
    beginning of it. `then` is a second field of the key, which no command must name.
    """

    field: str
    step: int
    together: str
    is_hashed: bool = True
    then: str = ""


SHARD_KEYS: Mapping[str, ShardKey] = {
    "timelines": ShardKey("_id", 1, "a timeline"),
    "timeline_buckets": ShardKey("owner", 1, "what a timeline has sealed"),
    "follows": ShardKey("follower_id", 2, "whom somebody follows"),
    "followers": ShardKey(
        "followee_id",
        2,
        "who follows somebody; a very large following can be split",
        is_hashed=False,
        then="follower_id",
    ),
    "blocks": ShardKey("user_id", 2, "one side of a user's blocks"),
    "mutes": ShardKey("user_id", 2, "whom somebody mutes"),
    "list_members": ShardKey("member_id", 2, "which lists somebody is in"),
    "notifications": ShardKey("recipient_id", 3, "what somebody is told"),
    "markers": ShardKey("_id", 3, "how far somebody has read"),
    "users": ShardKey("_id", 4, "a user"),
    "credentials": ShardKey("_id", 4, "how a user signs in"),
    "claims": ShardKey("_id", 4, "a user's keys of requests", is_hashed=False),
    "sessions": ShardKey("_id", 4, "a user's sessions", is_hashed=False),
    "tokens": ShardKey("_id", 4, "a user's tokens", is_hashed=False),
}
