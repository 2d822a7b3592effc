"""All relations to others that decide what a viewer may read, in one query."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kwip.domain.clock import to_ms
from kwip.domain.relationships import Relations
from kwip.store.client import ONE_BATCH
from kwip.store.social.edges import PRESENT, REQUESTED
from kwip.store.social.followed_tags import followed_tags
from kwip.store.social.list_edges import exclusive_members
from kwip.store.social.muted_conversations import muted_conversations
from kwip.store.social.mutes import partial_mutes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymongo.database import Database

    from kwip.domain.ids import UserId
    from kwip.store.client import Document

    Groups = dict[str, dict[int, set[Any]]]

#: What each user has one document of, and its field with a list.
_LISTED = {"tags": "tags", "conversations": "root_ids"}


def read_relations(
    database: Database[dict[str, Any]], viewers: Sequence[UserId]
) -> dict[UserId, Relations]:
    """Read all relations of some viewers, in one command.

    A viewer who follows thousands costs a document or two with their ids, not one for
    each.
    """
    ids = {"$in": list(viewers)}
    groups: Groups = defaultdict(lambda: defaultdict(set))
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
            {"$unionWith": partial_mutes(ids)},
            {"$unionWith": _without_reposts(ids)},
        ],
        batchSize=ONE_BATCH,
    ):
        _add(groups, d)
    return {viewer: _relations(groups, viewer) for viewer in viewers}


def _add(groups: Groups, d: Document) -> None:
    """Add what a document says to the groups of its viewer."""
    viewer, group = d["user_id"], d.get("direction", "mutes")
    if group == "follows":
        name = "requested" if d["_id"]["is_requested"] else group
        groups[name][viewer].update(d["followees"])
        if name == group and d["_id"].get("notify"):
            groups["notifies"][viewer].update(d["followees"])
    elif group in _LISTED:
        groups[group][viewer].update(d[_LISTED[group]])
    elif group == "partial":
        ends_at = d["expires_at"]
        ends_ms = 0 if ends_at is None else to_ms(ends_at)
        state = "over" if d["is_over"] else "timed"
        groups[state][viewer].add((d["other_id"], ends_ms))
        if not d["hides_notifications"]:
            groups["heard"][viewer].add(d["other_id"])
    else:
        groups[group][viewer].add(d["other_id"])


def _relations(groups: Groups, viewer: UserId) -> Relations:
    mutes = groups["mutes"][viewer] - {other for other, _ in groups["over"][viewer]}
    timed = sorted((other, ms) for other, ms in groups["timed"][viewer] if ms)
    return Relations(
        follows=frozenset(groups["follows"][viewer]),
        mutes=frozenset(mutes),
        blocks=frozenset(groups["out"][viewer]),
        blocked_by=frozenset(groups["in"][viewer]),
        notifies=frozenset(groups["notifies"][viewer]),
        exclusive=frozenset(groups["exclusive"][viewer]),
        requested=frozenset(groups["requested"][viewer]),
        no_reposts=frozenset(groups["no_reposts"][viewer]),
        heard=frozenset(groups["heard"][viewer] & mutes),
        conversations=frozenset(groups["conversations"][viewer]),
        tags=frozenset(groups["tags"][viewer]),
        mute_ends=tuple(timed),
    )


def _without_reposts(follower_ids: Document) -> Document:
    """Add followees whose reposts a user does not see, to a pipeline."""
    query = {"follower_id": follower_ids, "hides_reposts": True, "state": PRESENT}
    fields = {
        "_id": 0,
        "user_id": "$follower_id",
        "other_id": "$followee_id",
        "direction": {"$literal": "no_reposts"},
    }
    return {"coll": "follows", "pipeline": [{"$match": query}, {"$project": fields}]}


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
