"""Everything that a viewer's read rules need of others, read at once."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kwip.domain.ids import UserId
from kwip.domain.relationships import Relations
from kwip.store.client import ONE_BATCH
from kwip.store.edges import PRESENT
from kwip.store.followed_tags import followed_tags
from kwip.store.list_edges import exclusive_members

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.database import Database


def read_relations(
    database: Database[dict[str, Any]], viewers: Sequence[UserId]
) -> dict[UserId, Relations]:
    """Read all relations of some viewers, in two commands."""
    ids = {"$in": list(viewers)}
    groups: dict[str, dict[int, set[UserId]]] = {
        name: defaultdict(set)
        for name in ("follows", "notifies", "mutes", "out", "in", "exclusive")
    }
    tags: dict[int, list[str]] = {}
    for d in (
        database["follows"]
        .find(
            {"follower_id": ids, "state": PRESENT},
            {"_id": 0, "follower_id": 1, "followee_id": 1, "notify": 1},
        )
        .batch_size(ONE_BATCH)
    ):
        groups["follows"][d["follower_id"]].add(UserId(d["followee_id"]))
        if d.get("notify"):
            groups["notifies"][d["follower_id"]].add(UserId(d["followee_id"]))
    of_viewers = {"$match": {"user_id": ids}}
    pair = {"_id": 0, "user_id": 1, "other_id": 1}
    blocks = [of_viewers, {"$project": {**pair, "direction": 1}}]
    for d in database["mutes"].aggregate(
        [
            of_viewers,
            {"$project": pair},
            {"$unionWith": {"coll": "blocks", "pipeline": blocks}},
            {"$unionWith": exclusive_members(ids)},
            {"$unionWith": followed_tags(ids)},
        ],
        batchSize=ONE_BATCH,
    ):
        group = d.get("direction", "mutes")
        if group == "tags":
            tags[d["user_id"]] = d["tags"]
            continue
        groups[group][d["user_id"]].add(UserId(d["other_id"]))
    return {
        viewer: Relations(
            follows=frozenset(groups["follows"][viewer]),
            mutes=frozenset(groups["mutes"][viewer]),
            blocks=frozenset(groups["out"][viewer]),
            blocked_by=frozenset(groups["in"][viewer]),
            notifies=frozenset(groups["notifies"][viewer]),
            exclusive=frozenset(groups["exclusive"][viewer]),
            tags=frozenset(tags.get(viewer, ())),
        )
        for viewer in viewers
    }
