"""All relations to others that decide what a viewer may read, in one query."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kwip.domain.relationships import Relations
from kwip.store.client import ONE_BATCH
from kwip.store.social.edges import PRESENT, REQUESTED
from kwip.store.social.followed_tags import followed_tags
from kwip.store.social.list_edges import exclusive_members
from kwip.store.social.muted_conversations import muted_conversations
from kwip.store.timelines.filters import filters_of, to_filters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.database import Database

    from kwip.domain.ids import UserId
    from kwip.domain.keyword_filters import FilterSet


def read_relations(
    database: Database[dict[str, Any]], viewers: Sequence[UserId]
) -> dict[UserId, Relations]:
    """Read all relations of some viewers, in one command.

    A viewer who follows thousands costs a document or two with their ids, not one for
    each.
    """
    ids = {"$in": list(viewers)}
    groups: dict[str, dict[int, set[Any]]] = defaultdict(lambda: defaultdict(set))
    filters: dict[int, FilterSet] = {}
    of_viewers = {"$match": {"user_id": ids}}
    pair = {"_id": 0, "user_id": 1, "other_id": 1}
    blocks = [of_viewers, {"$project": {**pair, "direction": 1}}]
    mutes = [of_viewers, {"$project": pair}]
    for d in database["follows"].aggregate(
        [
            *_followees(ids),
            {"$unionWith": {"coll": "mutes", "pipeline": mutes}},
            {"$unionWith": {"coll": "blocks", "pipeline": blocks}},
            {"$unionWith": exclusive_members(ids)},
            {"$unionWith": followed_tags(ids)},
            {"$unionWith": muted_conversations(ids)},
            {"$unionWith": filters_of(ids)},
        ],
        batchSize=ONE_BATCH,
    ):
        viewer, group = d["user_id"], d.get("direction", "mutes")
        if group == "follows" and d["_id"]["is_requested"]:
            groups["requested"][viewer].update(d["followees"])
        elif group == "follows":
            groups[group][viewer].update(d["followees"])
            if d["_id"].get("notify"):
                groups["notifies"][viewer].update(d["followees"])
        elif group == "tags":
            groups[group][viewer].update(d["tags"])
        elif group == "filters":
            filters[viewer] = to_filters(d["filters"])
        elif group == "conversations":
            groups[group][viewer].update(d["root_ids"])
        else:
            groups[group][viewer].add(d["other_id"])
    return {
        viewer: Relations(
            follows=frozenset(groups["follows"][viewer]),
            mutes=frozenset(groups["mutes"][viewer]),
            blocks=frozenset(groups["out"][viewer]),
            blocked_by=frozenset(groups["in"][viewer]),
            notifies=frozenset(groups["notifies"][viewer]),
            exclusive=frozenset(groups["exclusive"][viewer]),
            requested=frozenset(groups["requested"][viewer]),
            conversations=frozenset(groups["conversations"][viewer]),
            tags=frozenset(groups["tags"][viewer]),
            filters=filters.get(viewer, ()),
        )
        for viewer in viewers
    }


def _followees(follower_ids: dict[str, Any]) -> list[dict[str, Any]]:
    """Return up to four documents per follower; answered from the index alone.

    One has the followees whose every post the follower is notified of, others those who
    have not accepted the follow: one array with a condition for each element takes
    twice as long.
    """
    whose = {
        "follower": "$follower_id",
        "notify": "$notify",
        "is_requested": {"$eq": ["$state", REQUESTED]},
    }
    states = {"$in": [*PRESENT["$in"], REQUESTED]}
    return [
        {"$match": {"follower_id": follower_ids, "state": states}},
        {"$group": {"_id": whose, "followees": {"$push": "$followee_id"}}},
        {"$set": {"user_id": "$_id.follower", "direction": "follows"}},
    ]
